/** Field numbers of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that we look at. */
export const onnxFields = {
  model: { graph: 7 },
  graph: {
    node: 1,
    initializer: 5,
    input: 11,
    output: 12,
    valueInfo: 13,
    quantizationAnnotation: 14,
    sparseInitializer: 15,
  },
  node: { input: 1, output: 2, attribute: 5 },
  attribute: { graph: 6, graphs: 11 },
  tensor: { name: 8, externalData: 13 },
  sparseTensor: { values: 1 },
  valueInfo: { name: 1 },
  quantizationAnnotation: { tensorName: 1 },
  stringEntry: { key: 1, value: 2 },
} as const;
