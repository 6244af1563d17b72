/** @module Corrects probabilities after training: temperature scaling, calibration line and calibration test. */
import { logitOf, sigmoid } from "../logits/index";
import type { RowGroups } from "./row-groups";

/** A fitted temperature: probabilities become `sigmoid(logit / temperature)`. Does not change their order, and so no area. */
export interface Temperature {
  /** Above 1 if the model was overconfident. */
  readonly temperature: number;
  /** Mean negative log likelihood in nats before and after scaling, on the rows of the fit. */
  readonly before: number;
  readonly after: number;
}

/** Beyond this factor of the largest logit, a maximum would be one of rounding only. */
const FARTHEST = 2 ** 200;

/**
 * Fits one temperature by maximum likelihood (Guo et al. 2017), to be fitted on validation and used on test. The likelihood is
 * concave in `1 / temperature`, so that Newton's method in a shrinking bracket finds the optimum.
 * @param labels 0 or 1 each
 * @param logits finite numbers
 * @returns undefined where there is no optimum: the rows are of one class, no decision at a probability of 0.5 is wrong, or 0.5 for
 *   every row is as likely
 */
export function fitTemperature(labels: ArrayLike<number>, logits: ArrayLike<number>): Temperature | undefined {
  if (new Set(Array.from(labels)).size < 2) return undefined;
  const values = Array.from(logits);
  const largest = values.reduce((most, z) => Math.max(most, Math.abs(z)), 0);
  // Newton's steps away from rows without a wrong decision are short: they would end anywhere.
  if (!values.some((z, i) => (labels[i] === 0 ? z > 0 : z < 0))) return undefined;
  // Whatever the scale of the logits, the search begins at theirs.
  const scaled = values.map((z) => z / largest);
  const slopesAt = (beta: number) => likelihoodSlopes(labels, scaled, beta);
  let [low, high] = [1, 1];
  while (low > 1 / FARTHEST && slopesAt(low).slope <= 0) low /= 2;
  while (high < FARTHEST && slopesAt(high).slope >= 0) high *= 2;
  if (low <= 1 / FARTHEST || high >= FARTHEST) return undefined;
  let beta = Math.sqrt(low * high);
  for (let iteration = 0; iteration < 200 && high - low > 1e-13 * high; iteration++) {
    const { slope, curvature } = slopesAt(beta);
    // Where all probabilities are rounded to 0 and 1, the likelihood rises by too little to be seen.
    if (slope >= 0) low = beta;
    else high = beta;
    const newton = beta + slope / curvature;
    const next = newton > low && newton < high ? newton : Math.sqrt(low * high);
    if (Math.abs(next - beta) <= 1e-14 * beta) break;
    beta = next;
  }
  const factor = beta / largest;
  return { temperature: 1 / factor, before: logLoss(labels, logits, 1), after: logLoss(labels, logits, factor) };
}

function likelihoodSlopes(labels: ArrayLike<number>, logits: ArrayLike<number>, beta: number) {
  let [slope, curvature] = [0, 0];
  for (let i = 0; i < labels.length; i++) {
    const z = logits[i] as number;
    const p = sigmoid(beta * z);
    slope += z * ((labels[i] as number) - p);
    curvature += z * z * p * (1 - p);
  }
  return { slope, curvature };
}

/** Mean negative log likelihood in nats of logits multiplied by `beta`, exact for large logits. */
export function logLoss(labels: ArrayLike<number>, logits: ArrayLike<number>, beta = 1): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    sum += rowLogLoss(labels[i] as number, beta * (logits[i] as number));
  }
  return sum / labels.length;
}

/** Negative log likelihood in nats of one row, without overflow. */
export function rowLogLoss(label: number, logit: number): number {
  return Math.max(logit, 0) - logit * label + Math.log1p(Math.exp(-Math.abs(logit)));
}

/**
 * The calibration line `logit(share) = intercept + slope * logit` (Cox 1958). With a slope below 1, probabilities are too extreme;
 * with an intercept above 0, too low. NaN if the line does not exist (one class, or separable scores).
 */
export interface CalibrationLine {
  readonly slope: number;
  readonly intercept: number;
}

/** Fits the calibration line by maximum likelihood. */
export function calibrationLine(labels: ArrayLike<number>, logits: ArrayLike<number>): CalibrationLine {
  const { slope, intercept } = fitLine(labels, logits);
  return { slope, intercept };
}

/** A line, NaN if there is no best one, and the mean loss of the best line, or the limit that lines approach without reaching it. */
type FittedLine = CalibrationLine & { readonly loss: number };

/**
 * Logits farther out, in units of their median size where that is above 1, count as this far: the line is right or wrong about them
 * alike, and next to one of 1e30 all others are rounded to one number.
 */
const FARTHEST_LOGIT = 1e5;

/**
 * Newton's method, which halves steps that overshoot, on logits with mean 0 and deviation 1: so its limits do not depend on the
 * scale of the logits, which is small in models that hardly tell images apart. Lines of scores that do not overlap grow steeper without
 * end.
 */
function fitLine(labels: ArrayLike<number>, logits: ArrayLike<number>): FittedLine {
  const farthest = FARTHEST_LOGIT * Math.max(1, Float64Array.from(logits, Math.abs).sort()[logits.length >> 1] ?? 0);
  const values = Float64Array.from(logits, (z) => Math.min(farthest, Math.max(-farthest, z)));
  const mean = values.reduce((sum, z) => sum + z, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, z) => sum + (z - mean) ** 2, 0) / values.length);
  const none = { slope: Number.NaN, intercept: Number.NaN };
  const base = logitOf(shareOf(labels));
  // For constant logits only the intercept can be fitted.
  if (deviation === 0) return { ...none, loss: logLoss(labels, values.fill(base)) };
  const scaled = values.map((z) => (z - mean) / deviation);
  const steepest = overlap(labels, values) ? Number.POSITIVE_INFINITY : 1e3;
  let line = { intercept: base, slope: 0 };
  let loss = lineLoss(labels, scaled, line);
  for (let iteration = 0; iteration < 100; iteration++) {
    const step = newtonStep(labels, scaled, line);
    if (!Number.isFinite(step.slope) || Math.max(Math.abs(line.slope), Math.abs(line.intercept)) > steepest) break;
    if (Math.abs(step.intercept) + Math.abs(step.slope) < 1e-10) {
      const slope = line.slope / deviation;
      return { slope, intercept: line.intercept - slope * mean, loss };
    }
    let next = line;
    let nextLoss = Number.POSITIVE_INFINITY;
    for (let share = 1; share > 1e-9 && !(nextLoss <= loss + 1e-15); share /= 2) {
      next = { intercept: line.intercept + share * step.intercept, slope: line.slope + share * step.slope };
      nextLoss = lineLoss(labels, scaled, next);
    }
    [line, loss] = [next, nextLoss];
  }
  return { ...none, loss };
}

/** Whether no threshold separates the classes, in either direction. */
function overlap(labels: ArrayLike<number>, values: Float64Array): boolean {
  const [[least0, most0], [least1, most1]] = [0, 1].map((label) => {
    const own = values.filter((_, i) => labels[i] === label);
    return own.reduce(([least, most], z) => [Math.min(least, z), Math.max(most, z)] as const, EMPTY);
  }) as [typeof EMPTY, typeof EMPTY];
  return least1 < most0 && least0 < most1;
}

const EMPTY: readonly [least: number, most: number] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** Share of positives. */
function shareOf(labels: ArrayLike<number>): number {
  return Array.from(labels).reduce((sum, label) => sum + label, 0) / labels.length;
}

/**
 * The p of the likelihood ratio test of slope 1 and intercept 0 (Cox 1958; Miller, Hui and Tierney 1991), chi-squared with two
 * degrees of freedom: how likely so large a deviation is if the probabilities are right. The calibration error does not tell: for
 * 200 rows with right probabilities it is often above 0.1. NaN for one class.
 * @param groups of dependent rows: the statistic is divided by their design effect (Rao and Scott 1984), and few groups make the
 *   chi-squared distribution an F distribution (Thomas and Rao 1987)
 */
export function calibrationTest(labels: ArrayLike<number>, logits: ArrayLike<number>, groups?: RowGroups): number {
  if ([0, 1].includes(shareOf(labels))) return Number.NaN;
  const line = fitLine(labels, logits);
  const gain = labels.length * Math.max(0, logLoss(labels, logits) - line.loss);
  if (!groups) return Math.exp(-gain);
  const degrees = Math.max(1, new Set(groups).size - 1);
  return (1 + gain / designEffectOf(line, labels, logits, groups) / degrees) ** -degrees;
}

/**
 * How much more the calibration line varies than that of as many independent rows: the mean ratio of the variances of both pulls at
 * the fitted line, at its height and at its slope, between groups and as its probabilities have them. At least 1; without a line
 * that of groups whose rows are all alike.
 */
function designEffectOf(
  { slope, intercept }: CalibrationLine,
  labels: ArrayLike<number>,
  logits: ArrayLike<number>,
  groups: RowGroups,
): number {
  const fitted = Float64Array.from(logits, (logit) => sigmoid(intercept + slope * logit));
  const weights = fitted.map((p) => p * (1 - p));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const centre = weights.reduce((sum, weight, row) => sum + weight * (logits[row] as number), 0) / total;
  const pulls = new Map<number, { rows: number; height: number; slope: number }>();
  let spread = 0;
  for (const [row, group] of groups.entries()) {
    const pull = pulls.get(group) ?? { rows: 0, height: 0, slope: 0 };
    const [error, z] = [(labels[row] as number) - (fitted[row] as number), (logits[row] as number) - centre];
    pull.rows++;
    pull.height += error;
    pull.slope += error * z;
    spread += (weights[row] as number) * z * z;
    pulls.set(group, pull);
  }
  const squares = (of: "rows" | "height" | "slope") =>
    [...pulls.values()].reduce((sum, pull) => sum + pull[of] ** 2, 0);
  const between = (squares("height") / total + squares("slope") / spread) / 2;
  const found = (between * pulls.size) / (pulls.size - 1);
  return Math.max(1, Number.isFinite(found) ? found : squares("rows") / groups.length);
}

function newtonStep(labels: ArrayLike<number>, logits: ArrayLike<number>, { slope, intercept }: CalibrationLine) {
  let [g0, g1, h00, h01, h11] = [0, 0, 0, 0, 0];
  for (let i = 0; i < labels.length; i++) {
    const z = logits[i] as number;
    const p = sigmoid(intercept + slope * z);
    const [error, weight] = [(labels[i] as number) - p, p * (1 - p)];
    g0 += error;
    g1 += error * z;
    h00 += weight;
    h01 += weight * z;
    h11 += weight * z * z;
  }
  const determinant = h00 * h11 - h01 * h01;
  return { intercept: (h11 * g0 - h01 * g1) / determinant, slope: (h00 * g1 - h01 * g0) / determinant };
}

function lineLoss(labels: ArrayLike<number>, logits: ArrayLike<number>, { slope, intercept }: CalibrationLine): number {
  return logLoss(
    labels,
    Float64Array.from(logits, (logit) => intercept + slope * logit),
  );
}

/** Probabilities as finite logits; 0 and 1 are replaced by the nearest probability with a finite logit. */
export function finiteLogits(probabilities: ArrayLike<number>): Float64Array {
  return Float64Array.from(probabilities, (p) => logitOf(Math.min(1 - 2 ** -53, Math.max(2 ** -1022, p))));
}
