import type { Preprocessing } from '../image/preprocessing.js';
import { UsageError } from '../usage-error.js';
import { readGraphInputs, type GraphValue } from './graph-values.js';
import { attributeTypes, elementTypes, onnxFields } from './onnx-fields.js';
import { lengthDelimited, lengthDelimitedHead, numberField, type ByteSource } from './wire-format.js';

type Scaling = Pick<Preprocessing, 'rescaleFactor' | 'mean' | 'std' | 'output'>;

/** The input that stands before the graph's own, uint8 `[N, H, W, 3]`. */
export const byteInputName = 'tuhai.pixels';

/**
 * Puts rescaling and normalisation before an image tower: it then takes pictures as they are decoded, and no JavaScript
 * touches a pixel. What the graph took before, `(value × rescaleFactor − mean) / std` as `[N, 3, H, W]` in its own
 * precision, is computed within. Weights are copied once, those in other files not at all.
 * @returns the model, and how many pictures it takes in one run where that is fixed
 * @throws {UsageError} when it takes anything but pictures of the preprocessing's output size
 */
export function takeBytes(
  source: ByteSource,
  scaling: Scaling,
): { onnx: Uint8Array; batchSize: number | null } {
  const input = pictureInput(readGraphInputs(source), scaling);
  // A second graph field: parsers of protobuf merge it into the first.
  const prologue = lengthDelimited(onnxFields.model.graph, ...prologueFields(input, scaling));
  const onnx = Buffer.allocUnsafeSlow(source.length + prologue.length);
  source.copy(0, source.length, onnx, 0);
  // The old input becomes a note on an inner value's type, which has the same form: only the tag changes, one byte.
  const [note] = lengthDelimitedHead(onnxFields.graph.valueInfo, 0);
  onnx[input.field.start] = note as number;
  onnx.set(prologue, source.length);
  return { onnx, batchSize: input.shape[0] ?? null };
}

function pictureInput(inputs: readonly GraphValue[], { output }: Scaling): GraphValue {
  const [input, ...others] = inputs;
  if (!input || others.length > 0) {
    const names = inputs.map(({ name }) => name).join(', ');
    throw new UsageError(`an image tower has one input, pixel_values; this graph has ${names || 'none'}`);
  }
  const { name, elementType, shape } = input;
  if (elementType !== 'float32' && elementType !== 'float16')
    throw new UsageError(
      `its input ${name} is ${elementType ?? 'of another type'}; it must be float32 or float16`,
    );
  const wanted = [shape[0], 3, output.height, output.width];
  if (shape.length === 4 && wanted.every((edge, i) => shape[i] === null || shape[i] === edge)) return input;
  throw new UsageError(
    `its input ${name} is [${said(shape)}]; preprocessor_config.json makes pictures for [${said(wanted)}]`,
  );
}

const said = (edges: readonly (number | null | undefined)[]): string =>
  edges.map((edge) => edge ?? 'any').join(', ');

function prologueFields(input: GraphValue, { rescaleFactor, mean, std, output }: Scaling): Uint8Array[] {
  const { graph } = onnxFields;
  const value = (step: string): string => `${byteInputName}.${step}`;
  const scale = std.map((s) => rescaleFactor / s);
  const shift = mean.map((m, i) => -m / (std[i] as number));
  const half = input.elementType === 'float16';
  return [
    lengthDelimited(graph.input, pictureType(input, output)),
    lengthDelimited(graph.initializer, perChannel(value('scale'), scale)),
    lengthDelimited(graph.initializer, perChannel(value('shift'), shift)),
    node('Transpose', [byteInputName], value('planes'), ints('perm', [0, 3, 1, 2])),
    node('Cast', [value('planes')], value('floats'), int('to', elementTypes.float32)),
    node('Mul', [value('floats'), value('scale')], value('scaled')),
    node('Add', [value('scaled'), value('shift')], half ? value('shifted') : input.name),
    ...(half ? [node('Cast', [value('shifted')], input.name, int('to', elementTypes.float16))] : []),
  ];
}

/** A ValueInfoProto. */
function pictureType({ shape }: GraphValue, { width, height }: Scaling['output']): Uint8Array {
  const { valueInfo, type, tensorType, dimension } = onnxFields;
  const fixed = (edge: number): Uint8Array =>
    lengthDelimited(onnxFields.shape.dimension, numberField(dimension.value, edge));
  const [batch] = shape;
  const free = lengthDelimited(onnxFields.shape.dimension, lengthDelimited(dimension.name, 'pictures'));
  const edges = [typeof batch === 'number' ? fixed(batch) : free, fixed(height), fixed(width), fixed(3)];
  const tensor = lengthDelimited(
    type.tensor,
    numberField(tensorType.elementType, elementTypes.uint8),
    lengthDelimited(tensorType.shape, ...edges),
  );
  return Buffer.concat([
    lengthDelimited(valueInfo.name, byteInputName),
    lengthDelimited(valueInfo.type, tensor),
  ]);
}

/** A TensorProto, float32 `[1, 3, 1, 1]`. */
function perChannel(name: string, values: readonly number[]): Uint8Array {
  const { tensor } = onnxFields;
  const bytes = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((one, i) => bytes.setFloat32(4 * i, one, true));
  return Buffer.concat([
    ...[1, values.length, 1, 1].map((edge) => numberField(tensor.dims, edge)),
    numberField(tensor.dataType, elementTypes.float32),
    lengthDelimited(tensor.name, name),
    lengthDelimited(tensor.rawData, new Uint8Array(bytes.buffer)),
  ]);
}

function node(
  opType: string,
  inputs: readonly string[],
  output: string,
  ...attributes: Uint8Array[]
): Uint8Array {
  const numbers = onnxFields.node;
  return lengthDelimited(
    onnxFields.graph.node,
    ...inputs.map((name) => lengthDelimited(numbers.input, name)),
    lengthDelimited(numbers.output, output),
    lengthDelimited(numbers.opType, opType),
    ...attributes,
  );
}

const int = (name: string, value: number): Uint8Array =>
  attribute(name, attributeTypes.int, [numberField(onnxFields.attribute.int, value)]);

const ints = (name: string, values: readonly number[]): Uint8Array =>
  attribute(
    name,
    attributeTypes.ints,
    values.map((value) => numberField(onnxFields.attribute.ints, value)),
  );

function attribute(name: string, type: number, values: readonly Uint8Array[]): Uint8Array {
  const numbers = onnxFields.attribute;
  return lengthDelimited(
    onnxFields.node.attribute,
    lengthDelimited(numbers.name, name),
    ...values,
    numberField(numbers.type, type),
  );
}
