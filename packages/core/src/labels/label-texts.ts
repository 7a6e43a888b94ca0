import type { LabelSet } from './label-set.js';

/**
 * The texts behind each row of a label set's matrix: those of the labels, in their order; then those of "none of these",
 * where it competes; or then, `pairwise`, the negatives of each label. Every prompt in every template.
 */
export function labelTexts(
  labelSet: Pick<LabelSet, 'labels' | 'templates' | 'none'>,
): [first: string[], ...others: string[][]] {
  const { labels, templates, none } = labelSet;
  const prompts = [
    ...labels.map((label) => label.prompts),
    ...(none && none.prompts.length > 0 ? [none.prompts] : []),
    ...labels.flatMap(({ negatives }) => (negatives ? [negatives] : [])),
  ];
  return prompts.map((texts) => inTemplates(texts, templates)) as [string[], ...string[][]];
}

const inTemplates = (prompts: readonly string[], templates: readonly string[]): string[] =>
  templates.flatMap((template) => prompts.map((prompt) => template.replaceAll('{}', () => prompt)));
