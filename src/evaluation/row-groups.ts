/** @module Rows that are no independent ones: the images of one patient or slide. */

/** For each row the number of its group, from 0; a row without a group has one of its own. */
export type RowGroups = Uint32Array;

/** Numbers groups by their names; undefined where there are none, so that every row stands for itself. */
export function rowGroups(names: readonly (string | undefined)[]): RowGroups | undefined {
  if (names.every((name) => name === undefined)) return undefined;
  const numbers = new Map<string, number>();
  let next = 0;
  return Uint32Array.from(names, (name) => {
    if (name === undefined) return next++;
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, next);
    return next++;
  });
}

/** The rows of each group. */
export function rowsOfGroups(groups: RowGroups): readonly (readonly number[])[] {
  const rows: number[][] = [];
  for (const [row, group] of groups.entries()) {
    const of = rows[group];
    if (of) of.push(row);
    else rows[group] = [row];
  }
  return rows;
}
