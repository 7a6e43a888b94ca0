/** Texts that run together: of one length, so that none is padded and padding can change nothing. */
export interface TextBatch {
  /** Where each text stood in the input. */
  positions: number[];
  /** Token ids, all of the same length. */
  ids: number[][];
}

/** Groups texts by length and cuts the groups to at most `sizeMax`. */
export function textBatches(texts: readonly (readonly number[])[], sizeMax: number): TextBatch[] {
  const byLength = new Map<number, TextBatch[]>();
  texts.forEach((ids, position) => {
    const batches = byLength.get(ids.length) ?? [];
    byLength.set(ids.length, batches);
    const open = batches.at(-1);
    const batch = open && open.ids.length < sizeMax ? open : { positions: [], ids: [] };
    if (batch !== open) batches.push(batch);
    batch.positions.push(position);
    batch.ids.push([...ids]);
  });
  return [...byLength.values()].flat();
}
