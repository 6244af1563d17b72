/** @module Chooses the lowest probability of a positive prediction. Choose on validation, never on test. */
import { InputError } from "../errors/index";
import { parseDecimal } from "../files/index";
import { type Confusion, decisionMetrics } from "./confusion";
import { checkScores, type Ranking, rank } from "./ranking";
import { finiteLogits } from "./recalibration";

/** The objective of a threshold. */
export type ThresholdRule =
  /** The largest F1 of the positive class. */
  | { readonly rule: "f1" }
  /** The largest mean of recall and specificity (Youden's index). */
  | { readonly rule: "balanced-accuracy" }
  /** The fewest false positives among the thresholds that find at least this share of the positives. */
  | { readonly rule: "recall"; readonly atLeast: number }
  /** The smallest cost, if a false negative costs as much as `missed` false positives. */
  | { readonly rule: "cost"; readonly missed: number };

/** A threshold and why it was chosen. */
export interface ChosenThreshold {
  readonly threshold: number;
  /** The rule as text, such as `recall>=0.9`; {@link parseThresholdRule} reads it. */
  readonly rule: string;
  /** The optimized value on the rows of the choice (cost: per row). */
  readonly value: number;
}

/**
 * Chooses a threshold by a rule. Thresholds are midway between neighbouring scores that differ by more than rounding, so that
 * another processor or runtime does not change decisions. Of equally good thresholds, chooses the one closest to 0.5.
 * @param labels 0 or 1 each, of the validation partition
 * @param scores probabilities of the positive class
 * @throws {InputError} `METRICS_EMPTY`, `METRICS_LENGTHS`, `METRICS_LABEL` or `METRICS_SCORE`
 */
export function chooseThreshold(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  rule: ThresholdRule = { rule: "balanced-accuracy" },
): ChosenThreshold {
  checkScores(labels, scores);
  const ranking = rank(labels, scores);
  const text = thresholdRuleText(rule);
  let best: { threshold: number; merit: number; confusion: Confusion } | undefined;
  for (const { threshold, confusion } of decisions(ranking)) {
    const merit = meritOf(rule, confusion);
    const ahead = best === undefined ? 1 : merit - best.merit;
    const isCloser = best === undefined || Math.abs(threshold - 0.5) < Math.abs(best.threshold - 0.5);
    if (ahead > ROUNDING || (Math.abs(ahead) <= ROUNDING && isCloser)) best = { threshold, merit, confusion };
  }
  const oneClass = ranking.totalPositives === 0 || ranking.totalNegatives === 0;
  if (best === undefined || oneClass) return { threshold: 0.5, rule: text, value: Number.NaN };
  return { threshold: best.threshold, rule: text, value: objectiveOf(rule, best.confusion) };
}

/** All possible thresholds, from everything positive to nothing positive. */
function* decisions(ranking: Ranking): Generator<{ threshold: number; confusion: Confusion }> {
  let [tp, fp] = [ranking.totalPositives, ranking.totalNegatives];
  let [tn, fn] = [0, 0];
  const { scores } = ranking;
  for (let i = 0; i <= scores.length; i++) {
    const below = i === 0 ? 0 : (scores[i - 1] as number);
    const above = i === scores.length ? 1 : (scores[i] as number);
    const threshold = midway(below, above);
    // With a score of 1, no probability can be the threshold of nothing positive.
    if (i === 0 || areApart(below, above)) yield { threshold, confusion: { tp, fp, tn, fn } };
    if (i === scores.length) return;
    tp -= ranking.positives[i] as number;
    fn += ranking.positives[i] as number;
    fp -= ranking.negatives[i] as number;
    tn += ranking.negatives[i] as number;
  }
}

/** Largest difference of merits that only rounding causes, such as of 0.9 + 0.4 and 0.7 + 0.6. */
const ROUNDING = 1e-9;

/** Least difference of two logits (relative for logits above 1) that is not rounding. */
const APART = 1e-5;

/** Whether two scores differ by more than rounding, such as that of the same tile in different batches. */
function areApart(below: number, above: number): boolean {
  const [low, high] = finiteLogits([below, above]) as unknown as [number, number];
  return high - low > APART * Math.max(1, Math.min(Math.abs(low), Math.abs(high)));
}

/** Midway between two scores; the upper one if there is no number between them, because decisions use `>=`. */
function midway(below: number, above: number): number {
  const middle = below + (above - below) / 2;
  return middle > below ? middle : above;
}

/** Higher is better. */
function meritOf(rule: ThresholdRule, confusion: Confusion): number {
  const { f1, balancedAccuracy, recall } = decisionMetrics(confusion);
  if (rule.rule === "f1") return f1;
  if (rule.rule === "balanced-accuracy") return balancedAccuracy;
  // Fewer false positives first; the fraction below 1 prefers more true positives among equals.
  if (rule.rule === "recall") {
    return recall >= rule.atLeast ? confusion.tp / (confusion.tp + confusion.fn + 1) - confusion.fp : -Infinity;
  }
  return -(rule.missed * confusion.fn + confusion.fp);
}

function objectiveOf(rule: ThresholdRule, confusion: Confusion): number {
  if (rule.rule === "recall") return decisionMetrics(confusion).recall;
  if (rule.rule !== "cost") return meritOf(rule, confusion);
  const { tp, fp, tn, fn } = confusion;
  return (rule.missed * fn + fp) / (tp + fp + tn + fn);
}

/** A rule as text: `f1`, `balanced-accuracy`, `recall>=0.9`, `cost=5`. */
export function thresholdRuleText(rule: ThresholdRule): string {
  if (rule.rule === "recall") return `recall>=${rule.atLeast}`;
  if (rule.rule === "cost") return `cost=${rule.missed}`;
  return rule.rule;
}

/** A rule in words. */
export function describeThresholdRule(rule: ThresholdRule): string {
  if (rule.rule === "f1") return "maximum F1";
  if (rule.rule === "balanced-accuracy") return "maximum balanced accuracy";
  if (rule.rule === "recall") return `recall of at least ${rule.atLeast}`;
  return `smallest cost, a missed positive costing ${rule.missed} false alarms`;
}

/** Reads a rule: `f1`, `balanced-accuracy`, `recall>=0.9` (or `recall=0.9`), `cost=5`. @throws {InputError} `THRESHOLD_RULE_UNKNOWN` */
export function parseThresholdRule(text: string): ThresholdRule {
  const [, name = "", number] = /^\s*([a-z0-9-]+?)\s*(?:(?:>=|=|:)\s*(\S+)\s*)?$/i.exec(text) ?? [];
  const value = number === undefined ? Number.NaN : parseDecimal(number);
  const lower = name.toLowerCase();
  if (number === undefined && (lower === "f1" || lower === "balanced-accuracy")) return { rule: lower };
  if ((lower === "recall" || lower === "sensitivity") && value > 0 && value <= 1)
    return { rule: "recall", atLeast: value };
  if (lower === "cost" && value > 0 && Number.isFinite(value)) return { rule: "cost", missed: value };
  const message = `Threshold rule "${text}" is none of f1, balanced-accuracy, sensitivity>=R or recall>=R (0 to 1), cost=C (above 0).`;
  throw new InputError("THRESHOLD_RULE_UNKNOWN", message);
}
