/**
 * @module Measures how far an image is from a model's training tiles, compared with held-out tiles of the same kind. Uses the
 * Mahalanobis distance of the features of {@link Look}, with a limit for each direction.
 * @see Lee et al. 2018 (Mahalanobis distances for out-of-distribution images); Vovk et al. 2005 (conformal p-values)
 */
import { spreadOver } from "../collections/index";
import { symmetricEigen } from "../eigen/index";
import type { Look } from "./look";
import { mean, scaled, scalingOf } from "./scaling";

/** A model's statistics of its training tiles, without the tiles. Plain data, `familiar.json`. */
export interface Familiarity {
  readonly format: "histo-familiar/1";
  /** Number of tiles from which the directions were computed. */
  readonly tiles: number;
  /** Features are scaled to (f - shift) * scale. */
  readonly shift: readonly number[];
  readonly scale: readonly number[];
  /** Unit vectors [k][features] and the variances along them. */
  readonly directions: readonly (readonly number[])[];
  readonly variances: readonly number[];
  /** Distances of other tiles, ascending. */
  readonly distances: readonly number[];
  /** Share of tissue that 99 % of the training tiles exceed. */
  readonly tissue: number;
}

/** With fewer tiles per direction, directions are mostly noise. */
const TILES_A_DIRECTION = 3;
/** Lower limit of the variance along a direction; features have variance 1. */
const SMALLEST_VARIANCE = 1e-4;
/** Largest number of stored distances. */
const MOST_DISTANCES = 400;
/** Lower limit of a feature's deviation, for features that are constant in training. */
const SMALLEST_DEVIATION = 2e-3;

/** With fewer held-out tiles, training tiles are used for calibration too. */
const ENOUGH_HELD = 60;
const FOLDS = 5;

/**
 * Learns the statistics of training tiles.
 * @param held held-out tiles of the same kind, for calibrating the distance. If there are few, the training tiles are used too, each
 *   with the statistics of the other folds (cross-conformal: Vovk 2015)
 */
export function fitFamiliarity(train: readonly Look[], held: readonly Look[]): Familiarity {
  const model = statisticsOf(train);
  const distances = held.map((look) => distanceFrom(model, look));
  for (let fold = 0; fold < FOLDS && held.length < ENOUGH_HELD; fold++) {
    const others = statisticsOf(train.filter((_, i) => i % FOLDS !== fold));
    for (let i = fold; i < train.length; i += FOLDS) distances.push(distanceFrom(others, train[i] as Look));
  }
  distances.sort((a, b) => a - b);
  return { ...model, distances: spreadOver(distances, MOST_DISTANCES).map(rounded) };
}

function statisticsOf(train: readonly Look[]): Statistics {
  const width = train[0]?.features.length ?? 0;
  const features = train.map((look) => look.features);
  const scaling = scalingOf(features, SMALLEST_DEVIATION);
  const rows = features.map((row) => scaled(row, scaling));
  const { values, vectors } = symmetricEigen(covariance(rows, width), width);
  const count = Math.min(Math.max(1, Math.floor(train.length / TILES_A_DIRECTION)), width);
  const tissue = train.map((look) => look.tissue).sort((a, b) => a - b);
  return {
    format: "histo-familiar/1",
    tiles: train.length,
    shift: scaling.shift.map(rounded),
    scale: scaling.scale.map(rounded),
    directions: Array.from({ length: count }, (_, k) =>
      [...vectors.subarray(k * width, (k + 1) * width)].map((value) => Number(value.toFixed(5))),
    ),
    variances: [...values.slice(0, count)].map((value) => rounded(Math.max(value, SMALLEST_VARIANCE))),
    tissue: rounded(tissue[Math.floor(tissue.length / 100)] ?? 0),
  };
}

type Statistics = Omit<Familiarity, "distances">;

/** Limit of a direction's squared distance (five deviations), so that a single outlying feature does not decide. */
const LARGEST_SQUARE = 25;

/** Mean squared distance by direction; about 1 for training tiles. */
function distanceFrom({ shift, scale, directions, variances }: Statistics, { features }: Look): number {
  const row = scaled(features, { shift, scale });
  const squares = directions.map((direction, k) => {
    const along = direction.reduce((total, value, j) => total + value * (row[j] as number), 0);
    return Math.min(LARGEST_SQUARE, (along * along) / (variances[k] as number));
  });
  return mean(squares);
}

/** Share of held-out tiles that are at least as far away as this image, 0 to 1: a calibrated p-value. */
export function inDistribution(familiarity: Familiarity, look: Look): number {
  const { distances } = familiarity;
  const distance = distanceFrom(familiarity, look);
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

function covariance(rows: readonly Float64Array[], width: number): Float64Array {
  const sums = new Float64Array(width * width);
  for (const row of rows) {
    for (let a = 0; a < width; a++) {
      for (let b = 0; b < width; b++) (sums[a * width + b] as number) += (row[a] as number) * (row[b] as number);
    }
  }
  return sums.map((sum) => sum / rows.length);
}

const rounded = (value: number) => Number(value.toPrecision(6));
