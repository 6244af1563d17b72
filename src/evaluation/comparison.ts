/** @module Compares two models on the same images: which is better, and is the difference significant? */
import { InputError } from "../errors/index";
import { ImageNames } from "../files/index";
import { Random } from "../random/index";
import {
  type BootstrapOptions,
  countingRows,
  defaultResamples,
  drawRows,
  type Interval,
  percentileInterval,
  rankRows,
} from "./bootstrap";
import { type DelongTest, delongTest } from "./delong";
import { type IntervalName, measuresAt } from "./intervals";
import { labelsAndScores, type Prediction } from "./predictions";
import { binomialTest } from "./statistics";

/** McNemar's test of paired decisions. */
interface McNemarTest {
  /** Rows on which only model A is right. */
  readonly onlyA: number;
  readonly onlyB: number;
  readonly bothRight: number;
  readonly bothWrong: number;
  /** Exact two-sided p of `onlyA` and `onlyB` being equally likely. */
  readonly p: number;
}

/**
 * Tests whether two models are wrong equally often on the same rows (McNemar 1947, exact).
 * @param rightA whether model A is right on each row
 */
export function mcnemarTest(rightA: ArrayLike<boolean>, rightB: ArrayLike<boolean>): McNemarTest {
  let [onlyA, onlyB, bothRight, bothWrong] = [0, 0, 0, 0];
  for (let i = 0; i < rightA.length; i++) {
    if (rightA[i] && rightB[i]) bothRight++;
    else if (rightA[i]) onlyA++;
    else if (rightB[i]) onlyB++;
    else bothWrong++;
  }
  return { onlyA, onlyB, bothRight, bothWrong, p: binomialTest(onlyA, onlyA + onlyB) };
}

/** A measure of both models and the confidence interval of its difference. */
export interface PairedDifference {
  readonly a: number;
  readonly b: number;
  /** `a - b`. */
  readonly difference: number;
  readonly ci95: Interval;
}

/** A model's scores and threshold. */
interface ScoresAtThreshold {
  readonly scores: ArrayLike<number>;
  readonly threshold: number;
}

/** Differences of all measures with paired bootstrap intervals: each resample draws the same rows for both models. */
export function pairedBootstrap(
  labels: ArrayLike<number>,
  a: ScoresAtThreshold,
  b: ScoresAtThreshold,
  { resamples = defaultResamples(labels.length), level = 0.95, seed = 0, groups }: BootstrapOptions = {},
): Record<IntervalName, PairedDifference> {
  const [measureA, measureB] = [measuring(labels, a), measuring(labels, b)];
  const all = Array.from(labels, (_, row) => row);
  const [ofA, ofB] = [measureA(all), measureB(all)];
  const names = Object.keys(ofA) as IntervalName[];
  const differences = new Map(names.map((name) => [name, new Float64Array(resamples)]));
  const draw = drawRows(labels.length, new Random(seed, "paired-bootstrap"), groups);
  for (let i = 0; i < resamples; i++) {
    const drawn: number[] = [];
    draw((row) => drawn.push(row));
    const [valuesA, valuesB] = [measureA(drawn), measureB(drawn)];
    for (const [name, list] of differences) list[i] = valuesA[name] - valuesB[name];
  }
  const result = names.map((name): [IntervalName, PairedDifference] => {
    const ci95 = percentileInterval(differences.get(name) as Float64Array, level);
    return [name, { a: ofA[name], b: ofB[name], difference: ofA[name] - ofB[name], ci95 }];
  });
  return Object.fromEntries(result) as Record<IntervalName, PairedDifference>;
}

/** Returns a function that measures a model on any selection of rows. */
function measuring(labels: ArrayLike<number>, { scores, threshold }: ScoresAtThreshold) {
  const rows = rankRows(labels, scores);
  const [count, measures] = [countingRows(rows), measuresAt(rows.ranking, threshold)];
  return (selected: readonly number[]) => measures(count((use) => selected.forEach(use)));
}

/** The comparison of two models on the same images. */
export interface Comparison {
  readonly n: number;
  readonly thresholds: { readonly a: number; readonly b: number };
  readonly delong: DelongTest;
  readonly mcnemar: McNemarTest;
  readonly differences: Record<IntervalName, PairedDifference>;
}

/**
 * Compares two models' predictions of the same images.
 * @throws {InputError} `COMPARISON_IMAGES` if the images or their labels differ
 */
export function compareModels(
  a: { readonly predictions: readonly Prediction[]; readonly threshold: number },
  b: { readonly predictions: readonly Prediction[]; readonly threshold: number },
  options: BootstrapOptions = {},
): Comparison {
  const other = new Map(b.predictions.map((row) => [row.filename, row]));
  const names = new ImageNames(other.keys());
  const pairs = a.predictions.map((row) => {
    const [name, ...others] = names.matching(row.filename);
    return [row, name === undefined || others.length > 0 ? undefined : other.get(name)] as const;
  });
  const lost = pairs.find(([row, match]) => match === undefined || match.label !== row.label);
  const matched = new Set(pairs.map(([, match]) => match));
  if (lost || matched.size !== pairs.length || a.predictions.length !== b.predictions.length) {
    const example = lost ? ` (for example ${lost[0].filename})` : "";
    throw new InputError("COMPARISON_IMAGES", `The two models did not predict the same images and labels${example}.`);
  }
  const { labels, groups } = labelsAndScores(a.predictions);
  const ofA = { scores: Float64Array.from(pairs, ([row]) => row.probability), threshold: a.threshold };
  const ofB = { scores: Float64Array.from(pairs, ([, row]) => row?.probability ?? Number.NaN), threshold: b.threshold };
  const right = ({ scores, threshold }: typeof ofA) =>
    Array.from(labels, (label, i) => (scores[i] as number) >= threshold === (label === 1));
  return {
    n: labels.length,
    thresholds: { a: a.threshold, b: b.threshold },
    delong: delongTest(labels, ofA.scores, ofB.scores, groups),
    mcnemar: mcnemarTest(right(ofA), right(ofB)),
    differences: pairedBootstrap(labels, ofA, ofB, { groups, ...options }),
  };
}
