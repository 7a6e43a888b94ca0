import { chosenLabels } from './chosen-labels.js';
import type { ExportContext, ExportedImage } from './exported-image.js';
import { imageUrl } from './image-url.js';
import { jsonList } from './json-list.js';

/** Names of the tags in the labelling config; tasks and annotations refer to them. */
export const labelStudioTags = { control: 'label', object: 'image' } as const;

/**
 * A JSON list of Label Studio's tasks, one a line, each with our answer as a prediction
 * (https://labelstud.io/guide/task_format). `data` holds what `tuhai import` needs to find the image again.
 */
export const writeLabelStudio = (
  pages: AsyncIterable<ExportedImage[]>,
  context: ExportContext,
): AsyncGenerator<string> => jsonList(pages, (image) => task(image, context));

function task(image: ExportedImage, context: ExportContext): object {
  const { imageId, source, key, etag, predictions } = image;
  const chosen = chosenLabels(predictions, context.labelSet);
  return {
    data: { image: imageUrl(image, context.urlTemplate), image_id: imageId, source, key, etag },
    predictions:
      chosen.length === 0
        ? []
        : [
            prediction(
              chosen.map(({ label }) => label),
              chosen[0]?.probability,
              context,
            ),
          ],
  };
}

const prediction = (
  choices: string[],
  score: number | undefined,
  { model, labelSet }: ExportContext,
): object => ({
  model_version: `${model.name} ${model.fingerprint.slice(0, 12)} ${labelSet?.name} ${labelSet?.version}`,
  score,
  result: [
    {
      id: 'labels',
      from_name: labelStudioTags.control,
      to_name: labelStudioTags.object,
      type: 'choices',
      value: { choices },
    },
  ],
});

/** The labelling config that the tasks go with. */
export function labelStudioConfig({ labelSet }: ExportContext): string {
  const { control, object } = labelStudioTags;
  const names = [...(labelSet?.labels ?? []), ...(labelSet?.none ? [labelSet.none] : [])];
  const choices = names.map(({ name }) => `    <Choice value="${escapeXml(name)}"/>`);
  return [
    '<View>',
    `  <Image name="${object}" value="$image" zoom="true"/>`,
    `  <Choices name="${control}" toName="${object}" choice="${(labelSet?.mode ?? 'single') === 'single' ? 'single' : 'multiple'}" showInline="true">`,
    ...choices,
    '  </Choices>',
    '</View>',
    '',
  ].join('\n');
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeXml = (value: string): string => value.replaceAll(/[&<>"]/g, (char) => escapes[char] as string);
