import { UsageError } from '../usage-error.js';
import { onnxFields } from './onnx-fields.js';
import { lengthDelimitedHead, readFields, readText, type ByteSource, type Field } from './wire-format.js';

/**
 * Cuts an ONNX model down to what one of its outputs needs, so that a joint graph's image tower runs without its text
 * tower. Nodes and weights are copied as they are; weights in other files stay there.
 * @param inputs outputs of the graph that become inputs: what computes them is left out too
 * @param outputs names of the output to keep, best first; the first that the graph has is kept
 * @throws {RangeError} when the bytes are no ONNX model
 * @throws {UsageError} when it has none of the outputs
 */
export function cutGraph(
  source: ByteSource,
  { inputs = [], outputs }: { inputs?: readonly string[]; outputs: readonly string[] },
): Uint8Array {
  const model = [...readFields(source)];
  const graph = model.find(({ number }) => number === onnxFields.model.graph);
  if (!graph) throw new RangeError('it has no graph');
  const fields = [...readFields(source, graph.contentStart, graph.end)];
  const kept = keptFields(source, fields, { inputs, outputs });
  const length = lengthOf(kept);
  const head = lengthDelimitedHead(onnxFields.model.graph, length);
  const others = model.filter((field) => field !== graph);
  const onnx = Buffer.allocUnsafeSlow(lengthOf(others) + head.length + length);
  let at = 0;
  const copy = ({ start, end }: Field): void => {
    source.copy(start, end, onnx, at);
    at += end - start;
  };
  others.forEach(copy);
  onnx.set(head, at);
  at += head.length;
  kept.forEach((field) => {
    const from = at;
    copy(field);
    // Of the same type, so that only the tag changes, which is one byte.
    if (field.number === onnxFields.graph.output && inputs.includes(readName(source, field)))
      onnx[from] = lengthDelimitedHead(onnxFields.graph.input, 0)[0] as number;
  });
  return onnx;
}

const lengthOf = (fields: readonly Field[]): number =>
  fields.reduce((sum, field) => sum + field.end - field.start, 0);

function keptFields(
  source: ByteSource,
  fields: readonly Field[],
  { inputs, outputs }: { inputs: readonly string[]; outputs: readonly string[] },
): Field[] {
  const { graph } = onnxFields;
  const nameOf = (field: Field): string => readName(source, field);
  const offered = fields.filter(({ number }) => number === graph.output).map(nameOf);
  const output = outputs.find((name) => offered.includes(name));
  if (!output)
    throw new UsageError(`the graph has the outputs ${offered.join(', ')}, and no ${outputs.join(' or ')}`);
  const nodes = fields.filter(({ number }) => number === graph.node).map((field) => readNode(source, field));
  const { names, nodes: needed } = needs(output, nodes, inputs);
  const isKept: Record<number, (field: Field) => boolean> = {
    [graph.node]: (field) => needed.has(field),
    [graph.output]: (field) =>
      nameOf(field) === output || (names.has(nameOf(field)) && inputs.includes(nameOf(field))),
    [graph.input]: (field) => names.has(nameOf(field)),
    [graph.initializer]: (field) => names.has(nameOf(field)),
    [graph.sparseInitializer]: (field) => names.has(nameOf(field)),
    [graph.valueInfo]: (field) => names.has(nameOf(field)),
    [graph.quantizationAnnotation]: (field) => names.has(nameOf(field)),
  };
  return fields.filter((field) => isKept[field.number]?.(field) ?? true);
}

interface Node {
  field: Field;
  /** Values it reads, those of subgraphs within it included. */
  inputs: string[];
  outputs: string[];
}

/** Every value and node that a value depends on, as far as the `inputs`. */
function needs(
  output: string,
  nodes: readonly Node[],
  inputs: readonly string[],
): { names: Set<string>; nodes: Set<Field> } {
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const names = new Set([output]);
  const needed = new Set<Field>();
  // A set goes on to what is added while it is walked.
  for (const name of names) {
    const producer = producers.get(name);
    if (!producer || inputs.includes(name)) continue;
    needed.add(producer.field);
    [...producer.inputs, ...producer.outputs].forEach((value) => names.add(value));
  }
  return { names, nodes: needed };
}

function readNode(source: ByteSource, field: Field): Node {
  const parts = [...readFields(source, field.contentStart, field.end)];
  const texts = (number: number): string[] =>
    parts.filter((part) => part.number === number).map((part) => readText(source, part));
  const attributes = parts.filter(({ number }) => number === onnxFields.node.attribute);
  const captured = attributes.flatMap((attribute) => subgraphNames(source, attribute));
  return {
    field,
    inputs: [...texts(onnxFields.node.input), ...captured].filter((name) => name !== ''),
    outputs: texts(onnxFields.node.output).filter((name) => name !== ''),
  };
}

/**
 * Names that a node's subgraphs (of If, Loop, Scan) read or give out. Which of them are the outer graph's is not worked
 * out: a name too many keeps a node too many, at worst.
 */
function subgraphNames(source: ByteSource, attribute: Field): string[] {
  const { attribute: numbers, graph } = onnxFields;
  return [...readFields(source, attribute.contentStart, attribute.end)]
    .filter(({ number }) => number === numbers.graph || number === numbers.graphs)
    .flatMap((subgraph) => Array.from(readFields(source, subgraph.contentStart, subgraph.end)))
    .flatMap((part) => {
      if (part.number === graph.node) return readNode(source, part).inputs;
      return part.number === graph.output ? [readName(source, part)] : [];
    });
}

const nameFields: Record<number, number> = {
  [onnxFields.graph.initializer]: onnxFields.tensor.name,
  [onnxFields.graph.input]: onnxFields.valueInfo.name,
  [onnxFields.graph.output]: onnxFields.valueInfo.name,
  [onnxFields.graph.valueInfo]: onnxFields.valueInfo.name,
  [onnxFields.graph.quantizationAnnotation]: onnxFields.quantizationAnnotation.tensorName,
};

/** The name of a tensor, value or annotation among a graph's fields; a sparse tensor has that of its values. */
function readName(source: ByteSource, field: Field): string {
  const parts = [...readFields(source, field.contentStart, field.end)];
  if (field.number === onnxFields.graph.sparseInitializer) {
    const values = parts.find(({ number }) => number === onnxFields.sparseTensor.values);
    return values ? readName(source, { ...values, number: onnxFields.graph.initializer }) : '';
  }
  const name = parts.find(({ number }) => number === nameFields[field.number]);
  return name ? readText(source, name) : '';
}
