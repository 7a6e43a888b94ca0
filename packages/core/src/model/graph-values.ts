import { elementTypes, onnxFields } from './onnx-fields.js';
import { fieldsOf, readNumber, readText, type ByteSource, type Field } from './wire-format.js';

/** What a graph is given, or gives. */
export interface GraphValue {
  name: string;
  /** Undefined for those that no tower takes or gives. */
  elementType: keyof typeof elementTypes | undefined;
  /** A number where it is fixed, null where it is free. */
  shape: (number | null)[];
  /** Where it is declared. */
  field: Field;
}

/**
 * A graph's inputs, without the weights that older exporters list among them.
 * @throws {RangeError} when the bytes are no ONNX model
 */
export function readGraphInputs(source: ByteSource): GraphValue[] {
  const graph = readGraph(source);
  const weights = new Set(
    Array.from(fieldsOf(source, graph, onnxFields.graph.initializer), (weight) =>
      nameOf(source, weight, onnxFields.tensor.name),
    ),
  );
  return readValues(source, graph, onnxFields.graph.input).filter(({ name }) => !weights.has(name));
}

/** @throws {RangeError} when the bytes are no ONNX model */
export const readGraphOutputs = (source: ByteSource): GraphValue[] =>
  readValues(source, readGraph(source), onnxFields.graph.output);

function readGraph(source: ByteSource): Field {
  const [graph] = fieldsOf(source, { contentStart: 0, end: source.length }, onnxFields.model.graph);
  if (!graph) throw new RangeError('it has no graph');
  return graph;
}

const readValues = (source: ByteSource, graph: Field, number: number): GraphValue[] =>
  Array.from(fieldsOf(source, graph, number), (value) => ({
    name: nameOf(source, value, onnxFields.valueInfo.name),
    ...readTensorType(source, value),
    field: value,
  }));

function nameOf(source: ByteSource, message: Field, number: number): string {
  const [text] = fieldsOf(source, message, number);
  return text ? readText(source, text) : '';
}

function readTensorType(source: ByteSource, input: Field): Pick<GraphValue, 'elementType' | 'shape'> {
  const { valueInfo, type, tensorType, shape, dimension } = onnxFields;
  const within = (messages: Field[], number: number): Field[] =>
    messages.flatMap((message) => [...fieldsOf(source, message, number)]);
  const tensors = within(within([input], valueInfo.type), type.tensor);
  const [element] = within(tensors, tensorType.elementType);
  const code = element && readNumber(source, element);
  const known = Object.entries(elementTypes).find(([, number]) => number === code);
  const dimensions = within(within(tensors, tensorType.shape), shape.dimension);
  return {
    elementType: known?.[0] as GraphValue['elementType'],
    shape: dimensions.map((one) => {
      const [value] = fieldsOf(source, one, dimension.value);
      return value ? readNumber(source, value) : null;
    }),
  };
}
