/** @module What readers of a run's results must know, in words. */
import { leakWords } from "../dataset/labels/index";
import { counted, decimal, percent } from "../format/index";
import { fewestUnits } from "./delong";
import type { BinaryMetrics } from "./metrics";
import { labelsAndScores, type ScoredRows } from "./predictions";
import { calibrationTest } from "./recalibration";
import type { FoldMetrics, RunMetrics, RunResults } from "./run-results";
import { spreadOf } from "./spread";

/** Fewer units of the rarer class than these are worth a warning. */
const FEW = { intervals: 30, threshold: 10 };

/** Warnings about the results of a run, as plain sentences. @param measured its metrics, as `measureRun` gives them */
export function cautions(results: RunResults, measured: RunMetrics): string[] {
  const { drawn, acrossPartitions } = results.config;
  const words = [drawnWords(drawn), leakWords(acrossPartitions), foldWords(results.folds)];
  return [...words.flat(), ...resultWords(results, measured)];
}

/** Where the predictions are those of several models. */
function foldWords(folds: readonly FoldMetrics[] = []): string[] {
  const { rocAuc } = spreadOf(folds.map(({ validation = {} }) => validation));
  if (!rocAuc) return [];
  const spread = rocAuc.std === null ? "" : `, standard deviation ${decimal(rocAuc.std)}`;
  return [
    `The predictions are of ${counted(folds.length, "model")}, each for the images of its fold, and a measure of all of them together ` +
      `ranks scores of different models as if they were of one; so no temperature is fitted to them. Within the folds the ROC AUC is ${decimal(rocAuc.mean)} (mean${spread}).`,
  ];
}

/** What results on drawn tiles do not say. */
function drawnWords(drawn = false): string[] {
  return drawn
    ? ["The images are drawn by a program, and so are the votes on them: these results say nothing about tissue."]
    : [];
}

/** Warnings about the metrics. */
function resultWords(results: RunResults, { test, validation }: RunMetrics): string[] {
  const metrics = test ?? validation;
  if (!metrics) return [];
  const name = test ? "test" : "validation";
  const rows = labelsAndScores(results[name]);
  const { labels, logits, groups } = rows;
  const { tp, fn, fp, tn } = metrics.confusion;
  const [positives, negatives] = [tp + fn, tn + fp];
  const floor = Math.max(positives, negatives) / metrics.n;
  const found: string[] = [];
  if (name === "validation") {
    const without = results.folds ? "" : "There are no test predictions. ";
    found.push(
      `${without}These are validation images, which were used to choose epoch and threshold: expect worse results on new images.`,
    );
  }
  if (positives === 0 || negatives === 0) {
    found.push(
      `All ${name} images are of one class: areas under curves cannot be computed, and nothing is known about the other class.`,
    );
  } else {
    const { units, words } = rarerClass(rows);
    if (units < FEW.intervals) found.push(`Only ${words}: the intervals are wide, and may still be too narrow.`);
  }
  if ((metrics.rocAucCi95?.[0] ?? 1) <= 0.5 && metrics.rocAuc > 0.5)
    found.push("The interval of the ROC AUC includes 0.5: the ranking may be chance.");
  if (metrics.rocAuc <= 0.5) found.push("The ROC AUC is no better than chance.");
  if (positives > 0 && negatives > 0 && metrics.accuracy < floor) {
    found.push(
      `Accuracy (${percent(metrics.accuracy)}) is below that of always predicting the more frequent class (${percent(floor)}).`,
    );
  }
  // Large, and significant for this number of images.
  if (metrics.expectedCalibrationError > 0.1 && calibrationTest(labels, logits, groups) < 0.01) {
    found.push("Probabilities are poorly calibrated: do not read them as frequencies.");
  }
  if (test && validation && results.threshold.rule !== undefined) {
    const { units, words } = rarerClass(labelsAndScores(results.validation));
    if (units < FEW.threshold)
      found.push(`Validation has only ${words}: on new images another threshold may do better.`);
  }
  if (test && validation && validation.rocAuc - test.rocAuc > 0.05) {
    const beyond = isBeyondChance(validation, test) ? "" : ", but not by more than chance explains";
    found.push(`Validation (ROC AUC ${decimal(validation.rocAuc)}) is better than the test result${beyond}.`);
  }
  return found;
}

/** Whether the interval of the difference of two areas on different images is above 0 ("square and add", Newcombe 1998). */
function isBeyondChance(better: BinaryMetrics, worse: BinaryMetrics): boolean {
  const [[low = 0], [, high = 1]] = [better.rocAucCi95 ?? [], worse.rocAucCi95 ?? []];
  return better.rocAuc - worse.rocAuc > Math.hypot(better.rocAuc - low, high - worse.rocAuc);
}

/** Number of independent units, groups or images, of the class that has fewer, and the same in words. */
function rarerClass(rows: ScoredRows): { readonly units: number; readonly words: string } {
  const units = fewestUnits(rows);
  const words = rows.groups
    ? `${counted(units, "group")} (patients or slides) with images of one class`
    : `${counted(units, "image")} of the rarer class`;
  return { units, words };
}
