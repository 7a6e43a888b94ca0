import { openLabelScorer, type LabelScorer } from '@tuhai/core/labels/score-labels';
import type { Bundle } from '@tuhai/core/model/bundle';
import type { TextTower } from '@tuhai/core/model/text-tower';
import { remember } from '@tuhai/core/remember';
import type { Database } from '@tuhai/core/store/database';
import { embedLabelsOnce } from '@tuhai/core/store/label-embeddings';
import { getLabelSet } from '@tuhai/core/store/label-sets';

/** Scores embeddings, `[N, D]`, against one label set: one list of predictions an image. */
export type Labeller = LabelScorer['score'];

/**
 * Labellers by label set, made when first asked for. The labels' embeddings are computed by the first
 * worker that needs them and kept in the database for the others.
 */
export function createLabellers(options: {
  database: Database;
  modelId: number;
  bundle: Bundle;
  loadText: () => Promise<TextTower>;
  intraOpThreads?: number;
}): (labelSetId: number) => Promise<Labeller> {
  const { database, modelId, bundle, loadText, intraOpThreads } = options;
  return remember(async (labelSetId) => {
    const labelSet = await getLabelSet(database, labelSetId);
    let tower: TextTower | undefined;
    try {
      const embed: TextTower['embed'] = async (texts) => (tower ??= await loadText()).embed(texts);
      const labels = await embedLabelsOnce(database, { modelId, labelSet, embed });
      const threads = intraOpThreads === undefined ? {} : { intraOpThreads };
      return (await openLabelScorer({ labelSet, labels, model: bundle, ...threads })).score;
    } finally {
      await tower?.release();
    }
  });
}
