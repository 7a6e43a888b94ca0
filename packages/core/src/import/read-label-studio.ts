import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { labelStudioTags } from '../export/write-label-studio.js';
import type { ImportedReview, ImportProblem } from './imported-review.js';
import { jsonListItems } from './json-list-items.js';

const annotationSchema = Type.Object({
  was_cancelled: Type.Optional(Type.Boolean()),
  completed_by: Type.Optional(
    Type.Union([Type.Integer(), Type.Null(), Type.Object({ email: Type.Optional(Type.String()) })]),
  ),
  result: Type.Array(
    Type.Object({
      from_name: Type.Optional(Type.String()),
      value: Type.Optional(Type.Object({ choices: Type.Optional(Type.Array(Type.String())) })),
    }),
  ),
});

const taskSchema = Type.Object({
  data: Type.Object({
    key: Type.String(),
    source: Type.Optional(Type.String()),
    etag: Type.Optional(Type.String()),
  }),
  annotations: Type.Array(annotationSchema),
});

/**
 * Label Studio's JSON export of tasks that `tuhai export --format label-studio` made. Of each annotation that was
 * submitted, the choices; without any, no label fits.
 * @throws {UsageError} with the line for a file that is no JSON list
 */
export async function* readLabelStudioReviews(
  chunks: AsyncIterable<string>,
): AsyncGenerator<ImportedReview | ImportProblem> {
  for await (const { line, value } of jsonListItems(chunks)) {
    if (!Value.Check(taskSchema, value)) {
      const [error] = Value.Errors(taskSchema, value);
      yield { line, message: `no task of ours: ${error?.instancePath || 'it'} ${error?.message}` };
      continue;
    }
    for (const annotation of value.annotations)
      if (!annotation.was_cancelled) yield { line, ...value.data, ...reviewOf(annotation) };
  }
}

function reviewOf({ completed_by: by, result }: Static<typeof annotationSchema>) {
  const reviewer = typeof by === 'number' ? `label-studio:${by}` : by?.email;
  const labels = result
    .filter(({ from_name: name }) => name === labelStudioTags.control)
    .flatMap(({ value }) => value?.choices ?? []);
  return { labels, ...(reviewer !== undefined && { reviewer }) };
}
