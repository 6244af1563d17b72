/**
 * @module Measures how far an image is from a model's training tiles, compared with other tiles of the same kind. Uses the
 * Mahalanobis distances of the features of {@link Look}, with a limit for each direction: of all features, and of the ratios among
 * them alone (texture and structure), in which a change of few features is not lost among the many of the colours.
 * @see Lee et al. 2018 (Mahalanobis distances for out-of-distribution images); Vovk et al. 2005 (conformal p-values)
 */
import { join } from "node:path";
import { quantile } from "../collections/index";
import { principalAxes } from "../eigen/index";
import type { RowGroups } from "../evaluation/index";
import { readJson } from "../files/index";
import type { ModelDirectory } from "../model-directory/index";
import type { Look } from "./look";
import { STRUCTURES, TEXTURES } from "./structure";

/** Directions of features, from the one at `from` on, in which training tiles vary. */
export interface Directions {
  readonly from: number;
  /** Unit vectors [k][features] and the variances along them. */
  readonly directions: readonly (readonly number[])[];
  readonly variances: readonly number[];
  /** The distance that 95 % of the tiles for calibration do not exceed. */
  readonly usual: number;
}

/** A model's statistics of its training tiles, without the tiles. Plain data, `familiar.json`. */
export interface Familiarity {
  /** Files of the first version lack `usual` and `ratios`. */
  readonly format: "histo-familiar/1" | "histo-familiar/2";
  /** Number of tiles from which the directions were computed. */
  readonly tiles: number;
  /** Features are scaled to (f - shift) * scale. */
  readonly shift: readonly number[];
  readonly scale: readonly number[];
  /** Of all features, see {@link Directions}. */
  readonly directions: readonly (readonly number[])[];
  readonly variances: readonly number[];
  readonly usual?: number;
  /** Of texture and structure alone. */
  readonly ratios?: Directions;
  /** Distances of other tiles, ascending. */
  readonly distances: readonly number[];
  /** Share of tissue that 99 % of the training tiles exceed. */
  readonly tissue: number;
}

/** With fewer tiles per direction, directions are mostly noise. */
const TILES_A_DIRECTION = 3;
/** Lower limit of the variance along a direction; features have variance 1. */
const SMALLEST_VARIANCE = 1e-4;
/** Largest number of stored distances: a number of which 5 % of one more is whole. */
const MOST_DISTANCES = 399;
/** Lower limit of a feature's deviation, for features that are constant in training. */
const SMALLEST_DEVIATION = 2e-3;

const FOLDS = 10;

/**
 * Learns the statistics of training tiles. Calibrates the distance on held-out tiles and on the training tiles, each with the statistics
 * of the other folds (cross-conformal: Vovk 2015): calibrated on a few dozen tiles, or on the tiles of a few patients, a model's rate of
 * false alarms may by chance be far from the accepted one.
 * @param held held-out tiles of the same kind
 * @param groups of dependent training tiles, which are in one fold: a tile is nearer to others of its patient than to a new one's
 */
export function fitFamiliarity(train: readonly Look[], held: readonly Look[], groups?: RowGroups): Familiarity {
  const model = statisticsOf(train);
  const found = held.map((look) => distancesFrom(model, look));
  for (let fold = 0; fold < FOLDS; fold++) {
    const isIn = (_: unknown, i: number) => (groups?.[i] ?? i) % FOLDS === fold;
    const [own, others] = [train.filter(isIn), train.filter((look, i) => !isIn(look, i))];
    if (own.length === 0 || others.length === 0) continue;
    const statistics = statisticsOf(others);
    found.push(...own.map((look) => distancesFrom(statistics, look)));
  }
  const usualOf = (part: 0 | 1) => rounded(quantile(found.map((both) => both[part]).sort(ascending), USUAL) || 1);
  const [usual, usualRatios] = [usualOf(0), usualOf(1)];
  const fitted = { ...model, usual, ratios: { ...model.ratios, usual: usualRatios } };
  const distances = found.map(([all, ratios]) => Math.max(all / usual, ratios / usualRatios)).sort(ascending);
  return { ...fitted, distances: conformalQuantiles(distances).map(rounded) };
}

/**
 * At most {@link MOST_DISTANCES} of n sorted distances. The k-th of m stands at k / (m + 1) of n + 1 places, rounded up: a new image's
 * p-value among the m is that among all, but for its coarser steps.
 */
function conformalQuantiles(sorted: readonly number[]): number[] {
  const count = Math.min(sorted.length, MOST_DISTANCES);
  const place = (k: number) => Math.ceil(((sorted.length + 1) * (k + 1)) / (count + 1)) - 1;
  return Array.from({ length: count }, (_, k) => sorted[place(k)] as number);
}

/** Share of the tiles for calibration below which a distance is usual. */
const USUAL = 0.95;

const ascending = (a: number, b: number) => a - b;

function statisticsOf(train: readonly Look[]) {
  const width = train[0]?.features.length ?? 0;
  const features = train.map((look) => look.features);
  const scaling = scalingOf(features, SMALLEST_DEVIATION);
  const rows = features.map((row) => scaled(row, scaling));
  const tissue = train.map((look) => look.tissue).sort(ascending);
  const from = width - TEXTURES - STRUCTURES;
  return {
    format: "histo-familiar/2",
    tiles: train.length,
    shift: scaling.shift.map(rounded),
    scale: scaling.scale.map(rounded),
    ...directionsOf(rows),
    ratios: { from, ...directionsOf(rows.map((row) => row.subarray(from))) },
    tissue: rounded(tissue[Math.floor(tissue.length / 100)] ?? 0),
  } as const;
}

/** The principal directions of scaled rows. */
function directionsOf(rows: readonly Float64Array[]): Pick<Directions, "directions" | "variances"> {
  const width = rows[0]?.length ?? 0;
  const count = Math.min(Math.max(1, Math.floor(rows.length / TILES_A_DIRECTION)), width);
  const { values, vectors } = principalAxes(rows, count);
  return {
    directions: Array.from({ length: count }, (_, k) =>
      [...vectors.subarray(k * width, (k + 1) * width)].map((value) => Number(value.toFixed(5))),
    ),
    variances: [...values.slice(0, count)].map((value) => rounded(Math.max(value, SMALLEST_VARIANCE))),
  };
}

/** Limit of a direction's squared distance (five deviations), so that a single outlying feature does not decide. */
const LARGEST_SQUARE = 25;

type Statistics = Pick<Familiarity, "shift" | "scale" | "directions" | "variances"> & {
  readonly ratios?: Omit<Directions, "usual">;
};

/** Mean squared distances by direction, of all features and of the ratios; about 1 for training tiles. */
function distancesFrom(
  { shift, scale, ratios, ...all }: Statistics,
  { features }: Look,
): [all: number, ratios: number] {
  const row = scaled(features, { shift, scale });
  return [distanceIn(all, row), ratios ? distanceIn(ratios, row.subarray(ratios.from)) : 0];
}

function distanceIn({ directions, variances }: Pick<Directions, "directions" | "variances">, row: Float64Array) {
  let sum = 0;
  for (const [k, direction] of directions.entries()) {
    let along = 0;
    for (let j = 0; j < row.length; j++) along += (direction[j] as number) * (row[j] as number);
    sum += Math.min(LARGEST_SQUARE, (along * along) / (variances[k] as number));
  }
  return sum / directions.length;
}

/** Share of the tiles for calibration that are at least as far away as this image, 0 to 1: a calibrated p-value. */
export function inDistribution(familiarity: Familiarity, look: Look): number {
  const { distances, usual = 1, ratios } = familiarity;
  const [all, ofRatios] = distancesFrom(familiarity, look);
  const distance = Math.max(all / usual, ofRatios / (ratios?.usual ?? 1));
  const further = distances.filter((other) => other >= distance).length;
  return (1 + further) / (1 + distances.length);
}

/** Accepted rate of false alarms among images like the training tiles. */
const FALSE_ALARMS = 0.05;

/**
 * Whether an image with this {@link inDistribution} differs from the training tiles. With fewer than 19 tiles for calibration, no image
 * does: the smallest possible share is above the accepted rate, so that a warning would be a guess.
 */
export function isUnlikeTraining(score: number): boolean {
  return score <= FALSE_ALARMS;
}

const rounded = (value: number) => Number(value.toPrecision(6));

/** Accepted share of slides like the training tiles of which more tiles are taken for unlike them. */
const MISTAKEN = 1e-3;

/**
 * The most of a number of tiles like the training tiles that {@link isUnlikeTraining} takes for unlike ones: more are in one of a thousand
 * slides. Their number has a beta-binomial distribution, because few tiles for calibration give a rate that is itself uncertain (Vovk
 * 2012). Undefined if the tiles for calibration are too few to call any tile unlike.
 */
export function mostUnlikeByChance({ distances }: Familiarity, tiles: number): number | undefined {
  const places = distances.length + 1;
  let alarms = 0;
  while (isUnlikeTraining((alarms + 1) / places)) alarms++;
  if (alarms === 0) return undefined;
  const others = places - alarms;
  let probability = 1;
  for (let i = 0; i < tiles; i++) probability *= (others + i) / (places + i);
  let [most, upTo] = [0, probability];
  while (1 - upTo >= MISTAKEN) {
    probability *= ((tiles - most) * (alarms + most)) / ((most + 1) * (others + tiles - most - 1));
    most++;
    upTo += probability;
  }
  return most;
}

/** A model's statistics of its training tiles, if it has any. Does not check the checksum of the file. */
export async function familiarityOf({ path, card: { familiar } }: ModelDirectory): Promise<Familiarity | undefined> {
  return familiar === undefined ? undefined : readJson<Familiarity>(join(path, familiar));
}

export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** Means by column. */
export function meanOf(rows: readonly ArrayLike<number>[], width: number): Float64Array {
  const sums = new Float64Array(width);
  for (const row of rows) for (let j = 0; j < width; j++) sums[j]! += row[j]!;
  return sums.map((sum) => sum / rows.length);
}

/** `(value - shift) * scale` by column. */
export interface Scaling {
  readonly shift: readonly number[];
  readonly scale: readonly number[];
}

/** The scaling that gives rows mean 0 and variance 1. @param smallest lower limit of a column's deviation */
export function scalingOf(rows: readonly ArrayLike<number>[], smallest: number): Scaling {
  const shift = [...meanOf(rows, rows[0]?.length ?? 0)];
  const scale = shift.map((m, j) => 1 / Math.max(Math.sqrt(mean(rows.map((row) => (row[j]! - m) ** 2))), smallest));
  return { shift, scale };
}

export function scaled(row: ArrayLike<number>, { shift, scale }: Scaling): Float64Array {
  return Float64Array.from(shift, (m, j) => (row[j]! - m) * scale[j]!);
}
