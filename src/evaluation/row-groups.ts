/** @module Groups of dependent rows, such as the images of one patient or slide. */

/** For each row the number of its group, from 0. Rows without a group are groups of one. */
export type RowGroups = Uint32Array;

/** Numbers groups by their names; undefined if none has several rows, as then no row depends on another. */
export function rowGroups(names: readonly (string | undefined)[]): RowGroups | undefined {
  const numbers = new Map<string, number>();
  let next = 0;
  const groups = Uint32Array.from(names, (name) => {
    if (name === undefined) return next++;
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, next);
    return next++;
  });
  return next < names.length ? groups : undefined;
}

/** Deals rows out to folds: those of each label (0 or 1) in turn, but the rows of a group to the fold of its first one. */
export function foldsInTurn(labels: ArrayLike<number>, groups: RowGroups | undefined, count: number): number[] {
  const turns: [number, number] = [0, 0];
  const ofGroups = new Map<number, number>();
  return Array.from(labels, (label, i) => {
    const group = groups?.[i] ?? i;
    const fold = ofGroups.get(group) ?? turns[label > 0.5 ? 1 : 0]++ % count;
    ofGroups.set(group, fold);
    return fold;
  });
}
