import { attributeTypes, elementTypes, onnxFields } from '../model/onnx-fields.js';
import { lengthDelimited, numberField } from '../model/wire-format.js';
import type { LabelMode } from './check-label-set.js';

const { attribute, graph, model, node, opset, tensorType, type, valueInfo } = onnxFields;

/** Reductions take their axes as attributes up to this operator set. */
const opsetVersion = 17;
const irVersion = 8;

/**
 * What scoring is made of, as an ONNX model: `images` [N, D] against `labels` [R, D] to the `k` best of each image,
 * `best` and `indices` [N, k], equal ones in the order of the labels, and what their probabilities need besides.
 *
 * - `single`: `total` [N, 1], the logarithm of the sum of exp(`scale` × cosine) over all labels
 * - `multi`: `total` [N, 1], the mean of the cosines
 * - `pairwise`: `labels` holds positive minus negative; `cosines` [N, k], to `positives` [R, D] of those that are best
 */
export function scoreGraph(mode: LabelMode): Uint8Array {
  const { nodes, inputs, output } = extras[mode];
  const parts = [
    op('Gemm', ['images', 'labels'], ['scores'], number('transB', 1)),
    op('TopK', ['scores', 'k'], ['best', 'indices'], number('axis', 1)),
    ...nodes,
    ...['images', 'labels', ...inputs].map((name) => input(name, elementTypes.float32)),
    input('k', elementTypes.int64),
    ...['best', 'indices', output].map((name) => lengthDelimited(graph.output, named(name))),
  ];
  return Buffer.concat([
    numberField(model.irVersion, irVersion),
    lengthDelimited(model.opsetImport, numberField(opset.version, opsetVersion)),
    lengthDelimited(model.graph, lengthDelimited(graph.name, 'labels'), ...parts),
  ]);
}

const overLabels = lengthDelimited(
  node.attribute,
  lengthDelimited(attribute.name, 'axes'),
  numberField(attribute.ints, 1),
  numberField(attribute.type, attributeTypes.ints),
);

const extras: Record<LabelMode, { nodes: Uint8Array[]; inputs: string[]; output: string }> = {
  single: {
    nodes: [
      op('Mul', ['scores', 'scale'], ['logits']),
      op('ReduceLogSumExp', ['logits'], ['total'], overLabels),
    ],
    inputs: ['scale'],
    output: 'total',
  },
  multi: { nodes: [op('ReduceMean', ['scores'], ['total'], overLabels)], inputs: [], output: 'total' },
  pairwise: {
    nodes: [
      op('Gemm', ['images', 'positives'], ['all'], number('transB', 1)),
      op('GatherElements', ['all', 'indices'], ['cosines'], number('axis', 1)),
    ],
    inputs: ['positives'],
    output: 'cosines',
  },
};

function op(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  ...attributes: Uint8Array[]
): Uint8Array {
  return lengthDelimited(
    graph.node,
    ...inputs.map((name) => lengthDelimited(node.input, name)),
    ...outputs.map((name) => lengthDelimited(node.output, name)),
    lengthDelimited(node.opType, opType),
    ...attributes,
  );
}

function number(name: string, value: number): Uint8Array {
  return lengthDelimited(
    node.attribute,
    lengthDelimited(attribute.name, name),
    numberField(attribute.int, value),
    numberField(attribute.type, attributeTypes.int),
  );
}

/** Of any shape. */
function input(name: string, elementType: number): Uint8Array {
  const tensor = lengthDelimited(type.tensor, numberField(tensorType.elementType, elementType));
  return lengthDelimited(graph.input, named(name), lengthDelimited(valueInfo.type, tensor));
}

function named(name: string): Uint8Array {
  return lengthDelimited(valueInfo.name, name);
}
