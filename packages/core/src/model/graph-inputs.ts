import { elementTypes, onnxFields } from './onnx-fields.js';
import { fieldsOf, readNumber, readText, type ByteSource, type Field } from './wire-format.js';

/** What a graph wants to be given. */
export interface GraphInput {
  name: string;
  /** Undefined for those that no tower takes. */
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
export function readGraphInputs(source: ByteSource): GraphInput[] {
  const [graph] = fieldsOf(source, { contentStart: 0, end: source.length }, onnxFields.model.graph);
  if (!graph) throw new RangeError('it has no graph');
  const textOf = (message: Field, number: number): string => {
    const [text] = fieldsOf(source, message, number);
    return text ? readText(source, text) : '';
  };
  const weights = new Set(
    Array.from(fieldsOf(source, graph, onnxFields.graph.initializer), (weight) =>
      textOf(weight, onnxFields.tensor.name),
    ),
  );
  return Array.from(fieldsOf(source, graph, onnxFields.graph.input), (input) => ({
    name: textOf(input, onnxFields.valueInfo.name),
    ...readTensorType(source, input),
    field: input,
  })).filter(({ name }) => !weights.has(name));
}

function readTensorType(source: ByteSource, input: Field): Pick<GraphInput, 'elementType' | 'shape'> {
  const { valueInfo, type, tensorType, shape, dimension } = onnxFields;
  const within = (messages: Field[], number: number): Field[] =>
    messages.flatMap((message) => [...fieldsOf(source, message, number)]);
  const tensors = within(within([input], valueInfo.type), type.tensor);
  const [element] = within(tensors, tensorType.elementType);
  const code = element && readNumber(source, element);
  const known = Object.entries(elementTypes).find(([, number]) => number === code);
  const dimensions = within(within(tensors, tensorType.shape), shape.dimension);
  return {
    elementType: known?.[0] as GraphInput['elementType'],
    shape: dimensions.map((one) => {
      const [value] = fieldsOf(source, one, dimension.value);
      return value ? readNumber(source, value) : null;
    }),
  };
}
