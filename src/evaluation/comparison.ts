/** @module Two models on the same images: which is better, and could it be chance? */
import { InputError } from "../errors/index";
import { ImageNames } from "../files/index";
import { Random } from "../random/index";
import {
  type BootstrapOptions,
  defaultResamples,
  drawRows,
  type Interval,
  percentileInterval,
  rankRows,
} from "./bootstrap";
import { type DecisionMetrics, decisionMetrics } from "./confusion";
import { type DelongTest, delongTest } from "./delong";
import { confusionAbove } from "./intervals";
import { labelsAndScores, type Prediction } from "./predictions";
import { averagePrecisionOf, rocAucOf } from "./ranking";
import { binomialTest } from "./statistics";

/** McNemar's test of paired decisions. */
interface McNemarTest {
  /** Rows that only model A got right. */
  readonly onlyA: number;
  readonly onlyB: number;
  readonly bothRight: number;
  readonly bothWrong: number;
  /** Exact two-sided p: could `onlyA` and `onlyB` come from one half each? */
  readonly p: number;
}

/**
 * Tests whether two sets of decisions err equally often on the same rows (McNemar 1947, exact).
 * @param rightA whether model A was right, per row
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

/** A measure of both models and the interval of its difference. */
export interface PairedDifference {
  readonly a: number;
  readonly b: number;
  /** `a - b`. */
  readonly difference: number;
  readonly ci95: Interval;
}

type PairedName = "rocAuc" | "prAuc" | keyof DecisionMetrics;

/** Scores with the threshold that belongs to them. */
interface ScoresAtThreshold {
  readonly scores: ArrayLike<number>;
  readonly threshold: number;
}

/** Differences of every measure with paired bootstrap intervals: each resample draws the same rows for both models. */
export function pairedBootstrap(
  labels: ArrayLike<number>,
  a: ScoresAtThreshold,
  b: ScoresAtThreshold,
  { resamples = defaultResamples(labels.length), level = 0.95, seed = 0, groups }: BootstrapOptions = {},
): Record<PairedName, PairedDifference> {
  const [drawA, drawB] = [countingModel(labels, a), countingModel(labels, b)];
  const [ofA, ofB] = [drawA.measure(everyRow(labels.length)), drawB.measure(everyRow(labels.length))];
  const names = Object.keys(ofA) as PairedName[];
  const differences = new Map(names.map((name) => [name, new Float64Array(resamples)]));
  const random = new Random(seed, "paired-bootstrap");
  const drawAgain = drawRows(labels.length, random, groups);
  for (let draw = 0; draw < resamples; draw++) {
    const drawn: number[] = [];
    drawAgain((row) => drawn.push(row));
    const [valuesA, valuesB] = [drawA.measure(drawn), drawB.measure(drawn)];
    for (const [name, list] of differences) list[draw] = valuesA[name] - valuesB[name];
  }
  const result = names.map((name): [PairedName, PairedDifference] => {
    const ci95 = percentileInterval(differences.get(name) as Float64Array, level);
    return [name, { a: ofA[name], b: ofB[name], difference: ofA[name] - ofB[name], ci95 }];
  });
  return Object.fromEntries(result) as Record<PairedName, PairedDifference>;
}

/** A model whose measures on any selection of rows are computed by recounting. */
function countingModel(labels: ArrayLike<number>, { scores, threshold }: ScoresAtThreshold) {
  const { ranking, codes } = rankRows(labels, scores);
  const positives = new Float64Array(ranking.scores.length);
  const negatives = new Float64Array(ranking.scores.length);
  const first = ranking.scores.findIndex((score) => score >= threshold);
  const cut = first < 0 ? ranking.scores.length : first;
  return {
    measure(rows: ArrayLike<number>): Record<PairedName, number> {
      positives.fill(0);
      negatives.fill(0);
      for (let i = 0; i < rows.length; i++) {
        const code = codes[rows[i] as number] as number;
        const counts = code & 1 ? positives : negatives;
        (counts[code >>> 1] as number)++;
      }
      const counts = { positives, negatives };
      const decision = decisionMetrics(confusionAbove(cut, counts));
      return { rocAuc: rocAucOf(counts), prAuc: averagePrecisionOf(counts), ...decision };
    },
  };
}

function everyRow(n: number): Uint32Array {
  return Uint32Array.from({ length: n }, (_, i) => i);
}

/** Two models compared on the images that both predicted. */
export interface Comparison {
  readonly n: number;
  readonly thresholds: { readonly a: number; readonly b: number };
  readonly delong: DelongTest;
  readonly mcnemar: McNemarTest;
  readonly differences: Record<PairedName, PairedDifference>;
}

/**
 * Compares two models' predictions of the same images.
 * @throws {InputError} `COMPARISON_IMAGES` where the images or their labels are not the same
 */
export function compareModels(
  a: { readonly predictions: readonly Prediction[]; readonly threshold: number },
  b: { readonly predictions: readonly Prediction[]; readonly threshold: number },
  options: BootstrapOptions = {},
): Comparison {
  const other = new Map(b.predictions.map((row) => [row.filename, row]));
  const names = new ImageNames(other.keys());
  const pairs = a.predictions.map((row) => {
    const [name, ...others] = names.meant(row.filename);
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
