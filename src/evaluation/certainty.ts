/**
 * @module Intervals of measures that no resample changes, such as a recall of 1 on ten images: the bootstrap would claim certainty.
 * Where none of n rows is wrong, as many may be as Clopper and Pearson (1934) cannot exclude; they are supposed to be ranked worst.
 */
import type { Interval } from "./bootstrap";
import type { ClassCounts, Ranking } from "./ranking";
import type { RowGroups } from "./row-groups";

interface Rows {
  readonly labels: ArrayLike<number>;
  readonly ranking: Ranking;
  readonly groups?: RowGroups | undefined;
  /** Two-sided level. Default: 0.95. */
  readonly level?: number | undefined;
}

/**
 * Widens intervals from 0 to 0 and from 1 to 1; the others stay as they are.
 * @param measuring returns the function that computes the measures from the class counts at the ranks of its argument
 */
export function withoutCertainty<Name extends string>(
  intervals: Readonly<Record<Name, Interval>>,
  rows: Rows,
  measuring: (ranking: Pick<Ranking, "scores">) => (counts: ClassCounts) => Readonly<Record<Name, number>>,
): Record<Name, Interval> {
  const entries = Object.entries(intervals) as [Name, Interval][];
  if (!entries.some(([, interval]) => isCertain(interval))) return { ...intervals };
  const measures = measuring({ scores: withEnds(rows.ranking.scores, [-Infinity, Infinity]) });
  const supposed = possibleErrors(rows).map(measures);
  const widened = entries.map(([name, interval]): [Name, Interval] => {
    if (!isCertain(interval)) return [name, interval];
    const values = supposed.map((values) => values[name]).filter(Number.isFinite);
    return [name, [Math.min(interval[0], ...values), Math.max(interval[1], ...values)]];
  });
  return Object.fromEntries(widened) as Record<Name, Interval>;
}

function isCertain([low, high]: Interval): boolean {
  return low === high && (low === 0 || low === 1);
}

/** Class counts with a further rank at each end, to which the share of a class moves that may be there. */
function possibleErrors({ labels, ranking, groups, level = 0.95 }: Rows): ClassCounts[] {
  const { positives, negatives, totalPositives, totalNegatives } = ranking;
  const still = { positives: withEnds(positives, [0, 0]), negatives: withEnds(negatives, [0, 0]) };
  const moved = (counts: Float64Array, total: number, label: number) => {
    const share = 1 - ((1 - level) / 2) ** (1 / unitsOf(labels, label, groups));
    const rest = counts.map((count) => count * (1 - share));
    return [withEnds(rest, [total * share, 0]), withEnds(rest, [0, total * share])];
  };
  return [
    ...moved(positives, totalPositives, 1).map((counts) => ({ ...still, positives: counts })),
    ...moved(negatives, totalNegatives, 0).map((counts) => ({ ...still, negatives: counts })),
  ];
}

/** Number of independent rows of a class, or of groups that have such rows. */
function unitsOf(labels: ArrayLike<number>, label: number, groups: RowGroups | undefined): number {
  const units = new Set<number>();
  for (let row = 0; row < labels.length; row++) if (labels[row] === label) units.add(groups?.[row] ?? row);
  return units.size;
}

function withEnds(values: Float64Array, [first, last]: readonly [number, number]): Float64Array {
  const result = new Float64Array(values.length + 2);
  result.set(values, 1);
  result[0] = first;
  result[values.length + 1] = last;
  return result;
}
