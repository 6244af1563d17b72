/** @module Measures the quality and the cost of trained techniques. */
import { upperMedian } from "../collections/index";
import {
  type BinaryMetrics,
  chooseThreshold,
  finiteLogits,
  type Interval,
  type IntervalName,
  labelsAndScores,
  measurePredictions,
  metricIntervals,
  type Prediction,
  pairedRows,
  parseThresholdRule,
  rank,
  readPredictions,
  rocAucOf,
} from "../evaluation/index";
import { bytesIn, readJson } from "../files/index";
import { bounds, percent } from "../format/index";
import { Predictor } from "../inference/index";
import type { ComparedTechnique } from "../plots/index";
import { Random } from "../random/index";
import { RunDirectory } from "../runs/index";
import { heldOutMeans, selectEnsemble } from "./select-ensemble";
import type { ProcessResult } from "./train-process";

/** Results and costs of a technique. */
export interface ComparisonRow extends ComparedTechnique {
  /** The choice made on validation, or the members of the ensemble. */
  readonly note?: string;
  /** Edge length of its input. */
  readonly size: number;
  readonly validation: BinaryMetrics;
  /** The ensemble's area on validation tiles that did not choose its members. */
  readonly unseenRocAuc?: number;
  readonly test: BinaryMetrics;
  /** 95 % intervals of the test measures. */
  readonly testCi95: Readonly<Record<IntervalName, Interval>>;
  /** Of the exported model. */
  readonly diskBytes: number;
  /** Largest resident memory of the training process. */
  readonly trainingMemoryBytes: number;
  readonly secondsPerEpoch: number;
}

/** A technique without results, and the reason. */
export type FailedTechnique = Pick<ComparisonRow, "name" | "title" | "size"> & {
  readonly reason: string;
  /** Did not start, because a backbone that it needs cannot be fetched here. */
  readonly isUnavailable?: boolean;
};

/** The results of a comparison. */
export interface ComparedTechniques {
  readonly data: string;
  /** In the order of the techniques. The ensemble is last. */
  readonly rows: readonly ComparisonRow[];
  /** Techniques that could not be trained, exported or measured. */
  readonly failed: readonly FailedTechnique[];
  /** Which model is best on validation, and whether it beats the colour baseline, in words. */
  readonly verdict: string;
}

/** An ensemble counts as on tiles that did not choose it: those that did would prefer it to its members. */
export function bestOnValidation(rows: readonly ComparisonRow[]): ComparisonRow | undefined {
  const area = ({ unseenRocAuc, validation }: ComparisonRow) => unseenRocAuc ?? validation.rocAuc;
  return [...rows].sort((a, b) => area(b) - area(a))[0];
}

/** Compares the best model on validation with the baseline, in words. @param alone the model that no other improves */
export function verdictOn(rows: readonly ComparisonRow[], alone?: ComparisonRow): string {
  const without = alone ? ` There is no ensemble: on validation no other model improves ${alone.title}.` : "";
  return verdictOnBest(rows) + without;
}

function verdictOnBest(rows: readonly ComparisonRow[]): string {
  const baseline = rows.find(({ name }) => name === "colour");
  const best = bestOnValidation(rows);
  if (!best || rows.length < 2) return "Nothing was compared with the colour baseline.";
  if (!baseline || !best.beyondBaseline) {
    const title = best === baseline ? "the colour baseline itself" : best.title;
    const without = baseline ? "" : " There is no colour baseline to compare it with.";
    return `Best on validation: ${title}. Its test AUC is ${best.test.rocAuc.toFixed(3)}.${without}`;
  }
  const { difference, ci95 } = best.beyondBaseline;
  const relation =
    difference <= 0 ? "does not beat" : ci95[0] > 0 ? "beats" : "lies above, but not by more than chance explains,";
  return (
    `Best on validation: ${best.title}. Its test AUC of ${best.test.rocAuc.toFixed(3)} ${relation} ` +
    `the colour baseline's ${baseline.test.rocAuc.toFixed(3)} (difference ${difference.toFixed(3)}, 95 % ${bounds(ci95)}).`
  );
}

/** The row of a finished training with an exported model. */
export async function measureRow(
  { name, title, note }: { readonly name: string; readonly title: string; readonly note?: string },
  result: ProcessResult,
  size: number,
): Promise<ComparisonRow> {
  const run = new RunDirectory(result.run);
  const { parameters } = await readJson<{ parameters: number }>(run.config);
  const { model } = run;
  return {
    name,
    title,
    ...(note && { note }),
    size,
    validation: result.validation,
    test: result.test,
    testCi95: intervalsOf(await readPredictions(run.predictions("test")), result.test.threshold),
    parameters,
    diskBytes: bytesIn(model),
    trainingMemoryBytes: result.peakMemoryBytes,
    secondsPerEpoch: result.secondsPerEpoch,
    trainingSeconds: result.seconds,
    latencyMs: await latency(model, size),
  };
}

/**
 * The weighted mean probability of the models that {@link selectEnsemble} selects, at a threshold of validation; its costs are sums.
 * @returns the one model itself if no other improves it: that is no ensemble
 */
export async function ensembleRow(
  candidates: readonly ComparisonRow[],
  runOf: (name: string) => RunDirectory,
): Promise<{ row: ComparisonRow; test: Prediction[] } | { alone: ComparisonRow }> {
  const read = async (partition: "validation" | "test") => {
    const each = candidates.map(({ name }) => readPredictions(runOf(name).predictions(partition)));
    const [first = [], ...others] = await Promise.all(each);
    return [first, ...others.map((rows) => pairedRows(first, rows))];
  };
  const onValidation = await read("validation");
  const scores = onValidation.map((rows) => rows.map(({ probability }) => probability));
  const labels = (onValidation[0] as Prediction[]).map(({ label }) => label);
  const weights = selectEnsemble(labels, scores);
  const members = candidates.filter((_, i) => (weights[i] as number) > 0);
  const [first, second] = members;
  if (first && !second) return { alone: first };
  const shares = weights.flatMap((weight, i) => (weight > 0 ? `${candidates[i]?.name} ${percent(weight, 0)}` : []));
  const [validation, test] = [meanOf(onValidation, weights), meanOf(await read("test"), weights)];
  const chosen = labelsAndScores(validation);
  const { threshold } = chooseThreshold(chosen.labels, chosen.scores, parseThresholdRule("balanced-accuracy"));
  const heldOut = heldOutMeans(labels, scores, chosen.groups);
  const unseenRocAuc = heldOut && rocAucOf(rank(labels, heldOut));
  const total = (of: (row: ComparisonRow) => number) => members.reduce((sum, row) => sum + of(row), 0);
  const row: ComparisonRow = {
    name: "ensemble",
    title: `ensemble of ${members.map(({ name }) => name).join(", ")}`,
    note:
      `chosen on validation one by one, with replacement: ${shares.join(", ")}` +
      (unseenRocAuc === undefined
        ? ""
        : `; its AUC on validation tiles that did not choose is ${unseenRocAuc.toFixed(3)}`),
    size: Math.max(...members.map((member) => member.size)),
    validation: measurePredictions(validation, threshold),
    ...(unseenRocAuc !== undefined && { unseenRocAuc }),
    test: measurePredictions(test, threshold),
    testCi95: intervalsOf(test, threshold),
    parameters: total((member) => member.parameters),
    diskBytes: total((member) => member.diskBytes),
    trainingMemoryBytes: Math.max(...members.map((member) => member.trainingMemoryBytes)),
    secondsPerEpoch: total((member) => member.secondsPerEpoch),
    trainingSeconds: total((member) => member.trainingSeconds),
    latencyMs: total((member) => member.latencyMs),
  };
  return { row, test };
}

function meanOf(each: readonly (readonly Prediction[])[], weights: readonly number[]): Prediction[] {
  return (each[0] as readonly Prediction[]).map((first, i) => {
    const mean = each.reduce((sum, rows, k) => sum + (weights[k] as number) * (rows[i] as Prediction).probability, 0);
    // Weights that were rounded may add up to a little more than 1.
    const probability = Math.min(1, mean);
    return { ...first, probability, logit: finiteLogits([probability])[0] as number };
  });
}

function intervalsOf(rows: readonly Prediction[], threshold: number): Record<IntervalName, Interval> {
  const { labels, scores, logits: rankBy, groups } = labelsAndScores(rows);
  return metricIntervals(labels, scores, { threshold, groups, rankBy });
}

/** Runs before the measurement. */
const WARM_UP = 10;
/** Measured runs: as many as fit into the time, but no fewer and no more than these. */
const RUNS = { least: 20, most: 200, milliseconds: 2000 } as const;

/** Median time of single random images through a loaded and warm model. */
async function latency(model: string, size: number): Promise<number> {
  const predictor = await Predictor.open(model, {});
  const random = new Random(1, "latency");
  const pixels = Uint8Array.from({ length: size * size * 3 }, () => random.integer(256));
  const times: number[] = [];
  try {
    for (let i = 0; i < WARM_UP; i++) await predictor.predictPixels(pixels, 1);
    const begin = performance.now();
    while (times.length < RUNS.most) {
      if (times.length >= RUNS.least && performance.now() - begin > RUNS.milliseconds) break;
      const started = performance.now();
      await predictor.predictPixels(pixels, 1);
      times.push(performance.now() - started);
    }
  } finally {
    await predictor.close();
  }
  return upperMedian(times);
}
