/**
 * @module Intervals of measures that no resample changes, such as a recall of 1 on ten images: the bootstrap would claim certainty.
 * Where no error is seen in n rows, as many are supposed as Clopper and Pearson (1934) cannot exclude, ranked worst.
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
 * Widens intervals from 0 to 0 and from 1 to 1, and those of decisions that depend on a class without a single error, or with nothing
 * but errors. The others stay as they are.
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
  const rates: Readonly<Record<string, Interval | undefined>> = intervals;
  const supposed = possibleErrors(rows).map(({ rate, unseen, ...counts }) => {
    return { values: measures(counts), isUnseen: isCertain(rates[rate]) && rates[rate]?.[0] === unseen };
  });
  const widened = entries.map(([name, interval]): [Name, Interval] => {
    const matters = isCertain(interval) ? supposed : AREAS.has(name) ? [] : supposed.filter(({ isUnseen }) => isUnseen);
    const values = matters.map(({ values }) => values[name]).filter(Number.isFinite);
    return [name, [Math.min(interval[0], ...values), Math.max(interval[1], ...values)]];
  });
  return Object.fromEntries(widened) as Record<Name, Interval>;
}

/** Measures of the order alone, not of decisions. */
const AREAS: ReadonlySet<string> = new Set(["rocAuc", "prAuc"]);

function isCertain([low, high]: Interval = [0, 1]): boolean {
  return low === high && (low === 0 || low === 1);
}

/** Class counts after the share of a class that may have another answer moved there. */
interface PossibleErrors extends ClassCounts {
  /** The measure of the class, and its value if no row of the class has that answer. */
  readonly rate: "recall" | "specificity";
  readonly unseen: 0 | 1;
}

/** Moves the possible share of each class to a further rank at either end. */
function possibleErrors({ labels, ranking, groups, level = 0.95 }: Rows): PossibleErrors[] {
  const { positives, negatives, totalPositives, totalNegatives } = ranking;
  const still = { positives: withEnds(positives, [0, 0]), negatives: withEnds(negatives, [0, 0]) };
  const moved = (counts: Float64Array, total: number, label: number, isUp: boolean) => {
    const share = possibleShare(labels, label, groups, level);
    const rest = counts.map((count) => count * (1 - share));
    return withEnds(rest, isUp ? [0, total * share] : [total * share, 0]);
  };
  return [false, true].flatMap((isUp): PossibleErrors[] => [
    { ...still, positives: moved(positives, totalPositives, 1, isUp), rate: "recall", unseen: isUp ? 0 : 1 },
    { ...still, negatives: moved(negatives, totalNegatives, 0, isUp), rate: "specificity", unseen: isUp ? 1 : 0 },
  ]);
}

/** Largest share of errors in a class that cannot be excluded if none is seen in its rows, or in its groups of rows. */
export function possibleShare(
  labels: ArrayLike<number>,
  label: number,
  groups: RowGroups | undefined,
  level = 0.95,
): number {
  const units = new Set<number>();
  for (let row = 0; row < labels.length; row++) if (labels[row] === label) units.add(groups?.[row] ?? row);
  return 1 - ((1 - level) / 2) ** (1 / units.size);
}

function withEnds(values: Float64Array, [first, last]: readonly [number, number]): Float64Array {
  const result = new Float64Array(values.length + 2);
  result.set(values, 1);
  result[0] = first;
  result[values.length + 1] = last;
  return result;
}
