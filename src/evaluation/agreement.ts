/** @module Where a model is right: results by agreement of the experts, and its worst mistakes. */
import { groupBy } from "../collections/index";
import { shareOfRowsInterval } from "./intervals";
import { labelsAndScores, type Prediction } from "./predictions";
import { rank, rocAucOf } from "./ranking";
import { spearman } from "./statistics";

/** Images on which equally many experts agreed with the majority. */
export type AgreementGroup = ReturnType<typeof resultsByAgreement>[number];

/** Results by the number of experts who agreed with the majority, from the most disputed images; without those that have no votes. */
export function resultsByAgreement(predictions: readonly Prediction[], threshold: number) {
  const groups = groupBy(withVotes(predictions), ({ votes: { positive, total } }) => {
    return `${Math.max(positive, total - positive)}/${total}`;
  });
  const results = [...groups].map(([agreement, rows]) => {
    const [agreeing = 0, total = 0] = agreement.split("/").map(Number);
    const right = rows.map((row) => isRight(row, threshold));
    const { labels, logits, groups } = labelsAndScores(rows);
    return {
      /** Such as `6/7`: six of seven experts chose the majority's class. */
      agreement,
      agreeing,
      total,
      n: rows.length,
      positives: labels.filter((label) => label === 1).length,
      accuracy: right.filter(Boolean).length / rows.length,
      accuracyCi95: shareOfRowsInterval(right, groups),
      /** Area under the ROC curve within the group; NaN if a class is missing. */
      rocAuc: rocAucOf(rank(labels, logits)),
    };
  });
  return results.sort((a, b) => a.agreeing / a.total - b.agreeing / b.total || a.total - b.total);
}

/** Predictions of images with the same number of votes for the positive class. */
export type VoteGroup = ReturnType<typeof probabilityByVotes>["groups"][number];

/** The predictions by votes for the positive class, and the rank correlation of both (Spearman). */
export function probabilityByVotes(predictions: readonly Prediction[], threshold: number) {
  const voted = withVotes(predictions);
  const byVotes = groupBy(voted, ({ votes: { positive, total } }) => `${positive}/${total}`);
  const groups = [...byVotes.values()].map((rows) => {
    const { positive, total } = (rows[0] as Voted).votes;
    return {
      votes: positive,
      total,
      n: rows.length,
      meanProbability: rows.reduce((sum, row) => sum + row.probability, 0) / rows.length,
      /** Share of the images that the model predicts as positive. */
      calledPositive: rows.filter((row) => row.probability >= threshold).length / rows.length,
    };
  });
  const shares = voted.map(({ votes }) => votes.positive / votes.total);
  const probabilities = voted.map(({ probability }) => probability);
  return {
    groups: groups.sort((a, b) => a.votes / a.total - b.votes / b.total),
    correlation: voted.length > 1 ? spearman(shares, probabilities) : Number.NaN,
  };
}

type Voted = Prediction & { readonly votes: NonNullable<Prediction["votes"]> };

function withVotes(predictions: readonly Prediction[]): Voted[] {
  return predictions.filter((row): row is Voted => row.votes !== undefined);
}

/** True if the decision at the threshold equals the label. */
function isRight({ label, probability }: Prediction, threshold: number): boolean {
  return probability >= threshold === (label === 1);
}

/** A wrong decision. */
export interface Mistake extends Prediction {
  readonly kind: "false positive" | "false negative";
}

/** Wrong decisions, the most confident first. @param count at most this many of each kind */
export function worstMistakes(
  predictions: readonly Prediction[],
  threshold: number,
  count = 8,
): { falsePositives: Mistake[]; falseNegatives: Mistake[] } {
  const wrong = predictions.filter((row) => !isRight(row, threshold));
  const pick = (label: 0 | 1, kind: Mistake["kind"]) =>
    wrong
      .filter((row) => row.label === label)
      .sort((a, b) => (label === 0 ? b.logit - a.logit : a.logit - b.logit) || (a.filename < b.filename ? -1 : 1))
      .slice(0, count)
      .map((row): Mistake => ({ ...row, kind }));
  return { falsePositives: pick(0, "false positive"), falseNegatives: pick(1, "false negative") };
}
