/** @module Compares two models on the same images: which is better, and is the difference significant? */
import { InputError } from "../errors/index";
import { ImageNames } from "../files/index";
import { varianceOf } from "./contributions";
import { delongTest, rankEqually } from "./delong";
import { estimates, type IntervalName, type IntervalOptions } from "./intervals";
import { labelsAndScores, type Prediction } from "./predictions";
import type { RowGroups } from "./row-groups";
import { differenceInterval } from "./score-interval";
import { binomialTest, type Interval, signTest } from "./statistics";

/**
 * Tests whether two models are wrong equally often on the same rows (McNemar 1947, exact); of groups, whether the sign of their
 * differences is chance. @param rightA whether model A is right on each row @param groups of dependent rows
 * @returns rows on which only one model is right, both or none, and the exact two-sided p of `onlyA` and `onlyB` being equally likely
 */
export function mcnemarTest(rightA: ArrayLike<boolean>, rightB: ArrayLike<boolean>, groups?: RowGroups) {
  let [onlyA, onlyB, bothRight, bothWrong] = [0, 0, 0, 0];
  const ahead = new Map<number, number>();
  for (let i = 0; i < rightA.length; i++) {
    if (rightA[i] && rightB[i]) bothRight++;
    else if (rightA[i]) onlyA++;
    else if (rightB[i]) onlyB++;
    else bothWrong++;
    const group = groups?.[i];
    if (group !== undefined) ahead.set(group, (ahead.get(group) ?? 0) + Number(rightA[i]) - Number(rightB[i]));
  }
  const p = groups ? signTest([...ahead.values()]) : binomialTest(onlyA, onlyA + onlyB);
  return { onlyA, onlyB, bothRight, bothWrong, p };
}

/** A measure of both models and the confidence interval of its difference. */
export interface PairedDifference {
  readonly a: number;
  readonly b: number;
  /** `a - b`. */
  readonly difference: number;
  readonly ci95: Interval;
}

interface ScoresAtThreshold extends Pick<IntervalOptions, "rankBy"> {
  readonly scores: ArrayLike<number>;
  readonly threshold: number;
}

/**
 * Differences of all measures with 95 % intervals: half the width of each model's own interval is its error, and the errors are as
 * correlated as what the rows contribute to them. At least as wide as the standard error of the difference requires. It has no width
 * only if the models rank all rows equally (areas), or decide equally on all of them.
 */
export function pairedDifferences(
  labels: ArrayLike<number>,
  a: ScoresAtThreshold,
  b: ScoresAtThreshold,
  { groups }: Pick<IntervalOptions, "groups"> = {},
): Record<IntervalName, PairedDifference> {
  const [ofA, ofB] = [a, b].map(({ scores, ...model }) => estimates(labels, scores, { ...model, groups })) as [
    ReturnType<typeof estimates>,
    ReturnType<typeof estimates>,
  ];
  const sameRanks = rankEqually(a.rankBy ?? a.scores, b.rankBy ?? b.scores);
  const sameDecisions = Array.from(labels).every((_, row) => isCalled(a, row) === isCalled(b, row));
  const names = Object.keys(ofA) as IntervalName[];
  const result = names.map((name): [IntervalName, PairedDifference] => {
    const [one, other] = [ofA[name], ofB[name]];
    const apart = one.contributions.map((value, row) => value - (other.contributions[row] as number));
    const variance = varianceOf({ labels, groups }, apart);
    const difference = one.value - other.value;
    const isSame = name === "rocAuc" || name === "prAuc" ? sameRanks : sameDecisions;
    const ci95: Interval = isSame ? [0, 0] : differenceInterval(one, other, variance);
    return [name, { a: one.value, b: other.value, difference, ci95 }];
  });
  return Object.fromEntries(result) as Record<IntervalName, PairedDifference>;
}

function isCalled({ scores, threshold }: ScoresAtThreshold, row: number): boolean {
  return (scores[row] as number) >= threshold;
}

/** The comparison of two models on the same images. */
export type Comparison = ReturnType<typeof compareModels>;

/** Another model's predictions in the order of these. @throws {InputError} `COMPARISON_IMAGES` if images or labels differ */
export function pairedRows(rows: readonly Prediction[], others: readonly Prediction[]): Prediction[] {
  const other = new Map(others.map((row) => [row.filename, row]));
  const names = new ImageNames(other.keys());
  const pairs = rows.map((row) => {
    const [name, ...ambiguous] = names.matching(row.filename);
    return [row, name === undefined || ambiguous.length > 0 ? undefined : other.get(name)] as const;
  });
  const lost = pairs.find(([row, match]) => match === undefined || match.label !== row.label);
  const matched = new Set(pairs.map(([, match]) => match));
  if (lost || matched.size !== pairs.length || rows.length !== others.length) {
    const example = lost ? ` (for example ${lost[0].filename})` : "";
    const message = `The two models did not predict the same images and labels${example}; train both on the same data, with the same positive class, groups and --split-seed.`;
    throw new InputError("COMPARISON_IMAGES", message);
  }
  return pairs.flatMap(([, match]) => match ?? []);
}

/** Compares two models' predictions. @throws {InputError} `COMPARISON_IMAGES` if the images or their labels differ */
export function compareModels(
  a: { readonly predictions: readonly Prediction[]; readonly threshold: number },
  b: { readonly predictions: readonly Prediction[]; readonly threshold: number },
) {
  const { labels, groups, scores, logits } = labelsAndScores(a.predictions);
  const others = labelsAndScores(pairedRows(a.predictions, b.predictions));
  const ofA = { scores, rankBy: logits, threshold: a.threshold };
  const ofB = { scores: others.scores, rankBy: others.logits, threshold: b.threshold };
  const right = (model: typeof ofA) => Array.from(labels, (label, i) => isCalled(model, i) === (label === 1));
  return {
    n: labels.length,
    thresholds: { a: a.threshold, b: b.threshold },
    delong: delongTest(labels, ofA.rankBy, ofB.rankBy, groups),
    mcnemar: mcnemarTest(right(ofA), right(ofB), groups),
    differences: pairedDifferences(labels, ofA, ofB, { groups }),
  };
}
