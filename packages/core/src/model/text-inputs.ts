import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { UsageError } from '../usage-error.js';

/** What each input of a text tower holds: a token's place, the text's tokens before padding, and the padding's id. */
const values = {
  input_ids: ({ token, padId }) => token ?? padId,
  attention_mask: ({ token, attendsToPadding }) => (token === undefined && !attendsToPadding ? 0 : 1),
  token_type_ids: () => 0,
  position_ids: ({ position }) => position,
} as const satisfies Record<string, (at: Place) => number>;

interface Place {
  position: number;
  /** Undefined on padding. */
  token: number | undefined;
  padId: number;
  attendsToPadding: boolean;
}

type Name = keyof typeof values;

const arrays = {
  int64: (numbers: number[]) => BigInt64Array.from(numbers, BigInt),
  int32: (numbers: number[]) => Int32Array.from(numbers),
} as const;

export interface TextInputs {
  /** Tokens of every text, and texts of every run, where the graph fixes them. */
  length: number | undefined;
  batchSize: number | undefined;
  /** Tensors `[N, length]`, in the type that the graph wants, for token ids that are at most that long. */
  feeds(ids: readonly (readonly number[])[], padding: Padding): Record<string, Tensor>;
}

export interface Padding {
  length: number;
  padId: number;
  /** `tokenizer_config.json` may say so. */
  side: 'left' | 'right';
  /** SigLIP was trained so. */
  attendsToPadding: boolean;
}

/** @throws {UsageError} when the graph wants what no text tower does */
export function textInputs(session: InferenceSession, path: string): TextInputs {
  const inputs = session.inputMetadata.map((input) => {
    const isKnown = Object.hasOwn(values, input.name) && input.isTensor && Object.hasOwn(arrays, input.type);
    if (isKnown)
      return { name: input.name as Name, type: input.type as keyof typeof arrays, shape: input.shape };
    throw new UsageError(
      `${path}: a text tower takes ${Object.keys(values).join(', ')} as ${Object.keys(arrays).join(' or ')}; ` +
        `this graph takes ${input.name}${input.isTensor ? ` as ${input.type}` : ''}`,
    );
  });
  const ids = inputs.find(({ name }) => name === 'input_ids');
  if (!ids)
    throw new UsageError(`${path}: a text tower takes input_ids; this graph has no input of that name`);
  const [batchSize, length] = ids.shape.map((edge) => (typeof edge === 'number' ? edge : undefined));
  return {
    length,
    batchSize,
    feeds: (rows, padding) =>
      Object.fromEntries(
        inputs.map(({ name, type }) => {
          const numbers = rows.flatMap((row) => placesOf(row, padding).map(values[name]));
          return [name, new Tensor(type, arrays[type](numbers), [rows.length, padding.length])];
        }),
      ),
  };
}

function placesOf(row: readonly number[], { length, side, ...padding }: Padding): Place[] {
  const before = side === 'left' ? length - row.length : 0;
  return Array.from({ length }, (_, position) => ({ position, token: row[position - before], ...padding }));
}
