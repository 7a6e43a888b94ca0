import { chosenLabels } from './chosen-labels.js';
import type { ExportContext, ExportedImage } from './exported-image.js';
import { imageAddress } from './image-url.js';

/**
 * A line an image, in the shape of the answer of Amazon Rekognition's DetectModerationLabels, with the image's address
 * as `Image`. Labels are those that fit; `Confidence` is the probability in percent. With a policy, only the labels for
 * which it reviews or blocks.
 */
export async function* writeRekognition(
  pages: AsyncIterable<ExportedImage[]>,
  context: ExportContext,
): AsyncGenerator<string> {
  for await (const page of pages)
    yield page.map((image) => `${JSON.stringify(answer(image, context))}\n`).join('');
}

function answer(image: ExportedImage, context: ExportContext): object {
  const found = context.policy
    ? (image.decision?.reasons ?? []).filter(({ action }) => action !== 'pass')
    : chosenLabels(image.predictions, context.labelSet);
  const confidences = new Map(found.map(({ label, probability }) => [label, probability]));
  const version = context.policy ?? context.labelSet;
  return {
    Image: imageAddress(image),
    ModerationLabels: [...confidences].map(([Name, probability]) => ({
      Name,
      ParentName: '',
      Confidence: Number((probability * 100).toFixed(4)),
      TaxonomyLevel: 1,
    })),
    ModerationModelVersion: [context.model.fingerprint.slice(0, 12), version?.name, version?.version]
      .filter(Boolean)
      .join(' '),
  };
}
