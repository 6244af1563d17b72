/**
 * @module How far an image lies from a model's training tiles, and how often tiles of the same kind lie as far. The distance
 * is Mahalanobis's in the space of {@link Look}, with a limit to what a single direction counts.
 * @see Lee et al. 2018 (Mahalanobis distances for out-of-distribution images); Vovk et al. 2005 (conformal p-values)
 */
import { symmetricEigen } from "../eigen/index";
import { evenly, type Look } from "./look";
import { mean, scaled, scalingOf } from "./scaling";

/** What a model keeps of its training tiles: statistics, no tile. Plain data, `familiar.json`. */
export interface Familiarity {
  readonly format: "histo-familiar/1";
  /** Tiles that the directions were found on. */
  readonly tiles: number;
  /** Features are taken as (f - shift) * scale. */
  readonly shift: readonly number[];
  readonly scale: readonly number[];
  /** Unit vectors [k][features] and the variances along them. */
  readonly directions: readonly (readonly number[])[];
  readonly variances: readonly number[];
  /** Distances of tiles that the directions were not found on, rising. */
  readonly distances: readonly number[];
  /** Share of tissue that all but one in a hundred training tiles exceed. */
  readonly tissue: number;
}

/** With fewer tiles for each direction, directions are mostly noise. */
const TILES_A_DIRECTION = 3;
/** Directions along which the training tiles do not differ at all are taken as this wide; features have variance 1. */
const SMALLEST_VARIANCE = 1e-4;
/** Kept distances at most. */
const MOST_DISTANCES = 400;
/** A feature that never changes in training is not taken as exact. */
const SMALLEST_DEVIATION = 2e-3;

/** With fewer held-out tiles, the training tiles help to calibrate. */
const ENOUGH_HELD = 60;
const FOLDS = 5;

/**
 * Learns what tiles look like.
 * @param held tiles of the same kind that were not trained on; they calibrate the distance. Where they are few, so do the
 *   training tiles, each seen from the tiles of the other folds (cross-conformal: Vovk 2015)
 */
export function fitFamiliarity(train: readonly Look[], held: readonly Look[]): Familiarity {
  const model = statisticsOf(train);
  const distances = held.map((look) => distanceFrom(model, look));
  for (let fold = 0; fold < FOLDS && held.length < ENOUGH_HELD; fold++) {
    const others = statisticsOf(train.filter((_, i) => i % FOLDS !== fold));
    for (let i = fold; i < train.length; i += FOLDS) distances.push(distanceFrom(others, train[i] as Look));
  }
  return {
    ...model,
    distances: evenly(
      distances.sort((a, b) => a - b),
      MOST_DISTANCES,
    ).map(rounded),
  };
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

/** A single direction counts this much at most, so that one odd measure does not make an image odd: five deviations. */
const MOST = 25;

/** Mean squared distance by direction; about 1 for training tiles. */
function distanceFrom({ shift, scale, directions, variances }: Statistics, { features }: Look): number {
  const row = scaled(features, { shift, scale });
  const squares = directions.map((direction, k) => {
    const along = direction.reduce((total, value, j) => total + value * (row[j] as number), 0);
    return Math.min(MOST, (along * along) / (variances[k] as number));
  });
  return mean(squares);
}

/** Share of held-out tiles that lie at least as far as this image, 0 to 1: a calibrated p-value. */
export function inDistribution(familiarity: Familiarity, look: Look): number {
  const { distances } = familiarity;
  const distance = distanceFrom(familiarity, look);
  const further = distances.filter((other) => other >= distance).length;
  return (1 + further) / (1 + distances.length);
}

/** False alarms that are accepted among images like the training tiles. */
const FALSE_ALARMS = 0.05;

/**
 * Whether an image with this {@link inDistribution} is called unlike the training tiles. With fewer than 19 tiles to calibrate
 * on no image is: the smallest possible share lies above the accepted rate then, so a warning would be a guess.
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
