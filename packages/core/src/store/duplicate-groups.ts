/** Two images that are taken for the same. */
export interface DuplicatePair {
  id: number;
  otherId: number;
  cosine: number;
}

/** Joins pairs into groups by union–find; the smallest id of a group leads it. */
export class DuplicateGroups {
  readonly #parents = new Map<number, number>();
  readonly #cosines = new Map<number, number>();

  join({ id, otherId, cosine }: DuplicatePair): void {
    for (const one of [id, otherId]) {
      if (!this.#parents.has(one)) this.#parents.set(one, one);
      this.#cosines.set(one, Math.max(cosine, this.cosineOf(one)));
    }
    const [a, b] = [this.leaderOf(id), this.leaderOf(otherId)];
    this.#parents.set(Math.max(a, b), Math.min(a, b));
  }

  leaderOf(id: number): number {
    let leader = id;
    for (;;) {
      const parent = this.#parents.get(leader) ?? leader;
      if (parent === leader) break;
      leader = parent;
    }
    this.#parents.set(id, leader);
    return leader;
  }

  /** All ids that were joined. */
  ids(): number[] {
    return [...this.#parents.keys()];
  }

  /** Of an image to the nearest one of its group. */
  cosineOf(id: number): number {
    return this.#cosines.get(id) ?? -1;
  }

  /** The groups, each in the order of ids: its leader comes first. */
  list(): number[][] {
    const groups = new Map<number, number[]>();
    for (const id of this.ids().toSorted((a, b) => a - b)) {
      const group = groups.get(this.leaderOf(id));
      if (group) group.push(id);
      else groups.set(id, [id]);
    }
    return [...groups.values()];
  }
}
