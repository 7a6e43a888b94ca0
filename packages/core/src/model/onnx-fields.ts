/** Field numbers of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that we look at or write. */
export const onnxFields = {
  model: { irVersion: 1, graph: 7, opsetImport: 8 },
  opset: { version: 2 },
  graph: {
    node: 1,
    name: 2,
    initializer: 5,
    input: 11,
    output: 12,
    valueInfo: 13,
    quantizationAnnotation: 14,
    sparseInitializer: 15,
  },
  node: { input: 1, output: 2, opType: 4, attribute: 5 },
  attribute: { name: 1, int: 3, graph: 6, ints: 8, graphs: 11, type: 20 },
  tensor: { dims: 1, dataType: 2, name: 8, rawData: 9, externalData: 13 },
  sparseTensor: { values: 1 },
  valueInfo: { name: 1, type: 2 },
  type: { tensor: 1 },
  tensorType: { elementType: 1, shape: 2 },
  shape: { dimension: 1 },
  dimension: { value: 1, name: 2 },
  quantizationAnnotation: { tensorName: 1 },
  stringEntry: { key: 1, value: 2 },
} as const;

/** `TensorProto.DataType`, of what a tower may take. */
export const elementTypes = { float32: 1, uint8: 2, int32: 6, int64: 7, float16: 10 } as const;

/** `AttributeProto.AttributeType` */
export const attributeTypes = { int: 2, ints: 7 } as const;
