import { Type } from 'typebox';

/** Postgres keeps no NUL in a text, so none that holds one can match. */
export const text = (options: { minLength?: number; maxLength: number; description?: string }) =>
  Type.String({ pattern: String.raw`^[^\u0000]*$`, ...options });

/** An S3 key has at most 1,024 bytes; paths and manifests' keys may be longer. */
export const keyLengthMax = 4096;

/** Of a label set: `name` for the newest version, or `name@version`. */
export const labelSetName = (description: string) =>
  text({
    minLength: 1,
    maxLength: 200,
    description: `${description}: its name, for the newest version, or name@version`,
  });

/** `images.id` is a bigint, of which JSON holds the integers up to 2⁵³ − 1. */
export const imageId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/** `runs.id` is a 32-bit integer. */
export const runId = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 });

export const modelSchema = Type.Object(
  {
    name: Type.String(),
    fingerprint: Type.String({ description: 'Hash of everything that decides an embedding' }),
  },
  { description: 'The model that answered' },
);

export const predictionSchema = Type.Object({
  label: Type.String(),
  cosine: Type.Number(),
  probability: Type.Number(),
  rank: Type.Integer({ description: '1 is the best' }),
  margin: Type.Union([Type.Number(), Type.Null()], {
    description: 'Cosine by which it leads the next label, or its negative prompts',
  }),
  passed: Type.Boolean({ description: 'Whether it reaches its threshold' }),
});

export const timestamp = Type.String({ format: 'date-time' });

export const problemSchema = Type.Object(
  {
    type: Type.String({ format: 'uri' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    code: Type.String({ description: 'Stable; for programs to tell problems apart' }),
    requestId: Type.String({ description: 'Stands in the log and in the x-request-id header too' }),
  },
  { description: 'RFC 9457 problem details' },
);

/** The error answers of every route, for the document. */
export const problems = {
  '4xx': {
    description: 'The request is at fault',
    content: { 'application/problem+json': { schema: problemSchema } },
  },
  '5xx': {
    description: 'The service is at fault',
    content: { 'application/problem+json': { schema: problemSchema } },
  },
};

export const pageFields = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 50 })),
  cursor: Type.Optional(
    Type.String({ maxLength: 8 * keyLengthMax, description: '`nextCursor` of the page before' }),
  ),
};

export const pageQuery = Type.Object(pageFields, { additionalProperties: false });

export const nextCursor = Type.Optional(Type.String({ description: 'Absent on the last page' }));
