/**
 * @module Bootstrap intervals (Efron 1979, percentile method). Scores are ranked once; a resample only recounts the classes at
 * each rank, so that 2,000 resamples of 1,000 rows take a fraction of a second.
 */
import { Random } from "../random/index";
import { type ClassCounts, type Ranking, rank } from "./ranking";
import { type RowGroups, rowsOfGroups } from "./row-groups";

/** Lower and upper end. */
export type Interval = readonly [low: number, high: number];

export interface BootstrapOptions {
  /** Number of resamples. Default: 2,000, and fewer (at least 200) for more than 20,000 rows. */
  readonly resamples?: number;
  /** Two-sided level. Default: 0.95. */
  readonly level?: number;
  /** The same seed gives the same interval. Default: 0. */
  readonly seed?: number;
  /** Rows of one group are drawn together (as many groups as there are): they are no independent rows. */
  readonly groups?: RowGroups | undefined;
}

/** Default limit on the draws of a bootstrap in all: it takes some seconds, however many rows there are. */
const DRAWS = 4e7;

/** How many resamples are taken of so many rows: with many rows an interval needs fewer. */
export function defaultResamples(rows: number): number {
  return Math.max(200, Math.min(2000, Math.round(DRAWS / rows)));
}

/** Rows as positions in a ranking, ready to be drawn again. */
export interface RankedRows {
  readonly ranking: Ranking;
  /** For each row twice its rank, plus 1 where it is positive. */
  readonly codes: Uint32Array;
}

/** Ranks rows for resampling. */
export function rankRows(labels: ArrayLike<number>, scores: ArrayLike<number>): RankedRows {
  const ranking = rank(labels, scores);
  const codes = new Uint32Array(labels.length);
  for (let i = 0; i < codes.length; i++) {
    codes[i] = 2 * positionOf(ranking.scores, scores[i] as number) + (labels[i] ? 1 : 0);
  }
  return { ranking, codes };
}

function positionOf(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Draws rows with replacement, again and again, and hands each resample's class counts by rank to `use` (which must not keep
 * them: they are overwritten).
 */
export function resample(
  { ranking, codes }: RankedRows,
  { resamples = defaultResamples(codes.length), seed = 0, groups }: BootstrapOptions,
  use: (counts: ClassCounts) => void,
): void {
  const random = new Random(seed, "bootstrap");
  const draw = drawRows(codes.length, random, groups);
  const positives = new Float64Array(ranking.scores.length);
  const negatives = new Float64Array(ranking.scores.length);
  for (let i = 0; i < resamples; i++) {
    positives.fill(0);
    negatives.fill(0);
    draw((row) => {
      const code = codes[row] as number;
      const counts = code & 1 ? positives : negatives;
      (counts[code >>> 1] as number)++;
    });
    use({ positives, negatives });
  }
}

/** Draws as many rows as there are with replacement, or as many whole groups of them, at each call. */
export function drawRows(
  n: number,
  random: Random,
  groups: RowGroups | undefined,
): (use: (row: number) => void) => void {
  if (!groups) {
    return (use) => {
      for (let i = 0; i < n; i++) use(random.integer(n));
    };
  }
  const rows = rowsOfGroups(groups);
  return (use) => {
    for (let i = 0; i < rows.length; i++) for (const row of rows[random.integer(rows.length)] ?? []) use(row);
  };
}

/**
 * The percentile interval of each statistic of the class counts. Values that are not finite (an area under the curve with one
 * class drawn) are left out; an interval without any finite value is `[NaN, NaN]`.
 */
export function bootstrap<Name extends string>(
  rows: RankedRows,
  statistics: (counts: ClassCounts) => Readonly<Record<Name, number>>,
  options: BootstrapOptions = {},
): Record<Name, Interval> {
  const draws: Readonly<Record<Name, number>>[] = [];
  resample(rows, options, (counts) => draws.push(statistics(counts)));
  const names = Object.keys(draws[0] ?? {}) as Name[];
  const intervals = names.map((name) => {
    const values = Float64Array.from(draws, (draw) => draw[name]);
    return [name, percentileInterval(values, options.level)] as const;
  });
  return Object.fromEntries(intervals) as Record<Name, Interval>;
}

/** The central interval of the finite values, by linear interpolation between order statistics (NumPy's default). */
export function percentileInterval(values: Float64Array, level = 0.95): Interval {
  const sorted = values.filter(Number.isFinite).sort();
  return [quantile(sorted, (1 - level) / 2), quantile(sorted, (1 + level) / 2)];
}

/** A quantile of sorted values by linear interpolation; NaN where there are none. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (position - below) * (high - low);
}
