/** @module Results beside the experts: where they agree, does the model, and does it doubt where they doubt? */
import type { Interval } from "./bootstrap";
import type { Prediction } from "./predictions";
import { rank, rocAucOf } from "./ranking";
import { spearman, wilsonInterval } from "./statistics";

/** Images on which equally many experts stood with the majority. */
export interface AgreementGroup {
  /** Such as `6/7`: six of seven experts chose the majority's class. */
  readonly agreement: string;
  readonly agreeing: number;
  readonly total: number;
  readonly n: number;
  readonly positives: number;
  readonly accuracy: number;
  readonly accuracyCi95: Interval;
  /** Area under the ROC curve within the group; NaN where a class is missing. */
  readonly rocAuc: number;
}

/**
 * Results by how many experts stood with the majority, from the most disputed images to the clearest. Images without votes are
 * left out; without any votes the list is empty.
 */
export function resultsByAgreement(predictions: readonly Prediction[], threshold: number): AgreementGroup[] {
  const groups = new Map<string, Prediction[]>();
  for (const row of predictions) {
    if (!row.votes) continue;
    const { positive, total } = row.votes;
    const agreement = `${Math.max(positive, total - positive)}/${total}`;
    groups.set(agreement, [...(groups.get(agreement) ?? []), row]);
  }
  const results = [...groups].map(([agreement, rows]): AgreementGroup => {
    const [agreeing = 0, total = 0] = agreement.split("/").map(Number);
    const right = rows.filter((row) => isRight(row, threshold)).length;
    const labels = rows.map((row) => row.label);
    return {
      agreement,
      agreeing,
      total,
      n: rows.length,
      positives: labels.filter((label) => label === 1).length,
      accuracy: right / rows.length,
      accuracyCi95: wilsonInterval(right, rows.length),
      rocAuc: rocAucOf(
        rank(
          labels,
          rows.map((row) => row.probability),
        ),
      ),
    };
  });
  return results.sort((a, b) => a.agreeing / a.total - b.agreeing / b.total || a.total - b.total);
}

/** What the model says about images by their number of votes for the positive class. */
export interface VoteGroup {
  readonly votes: number;
  readonly total: number;
  readonly n: number;
  readonly meanProbability: number;
  /** Share of the images that the model calls positive. */
  readonly calledPositive: number;
}

/** The model's answers by votes for the positive class, and how they go together (Spearman). */
export function probabilityByVotes(
  predictions: readonly Prediction[],
  threshold: number,
): { groups: VoteGroup[]; correlation: number } {
  const voted = predictions.flatMap((row) => (row.votes ? [{ ...row, votes: row.votes }] : []));
  const keys = new Map<string, { votes: number; total: number; rows: Prediction[] }>();
  for (const row of voted) {
    const key = `${row.votes.positive}/${row.votes.total}`;
    const group = keys.get(key) ?? { votes: row.votes.positive, total: row.votes.total, rows: [] };
    group.rows.push(row);
    keys.set(key, group);
  }
  const groups = [...keys.values()]
    .sort((a, b) => a.votes / a.total - b.votes / b.total)
    .map(({ votes, total, rows }) => ({
      votes,
      total,
      n: rows.length,
      meanProbability: rows.reduce((sum, row) => sum + row.probability, 0) / rows.length,
      calledPositive: rows.filter((row) => row.probability >= threshold).length / rows.length,
    }));
  const shares = voted.map((row) => row.votes.positive / row.votes.total);
  const correlation =
    voted.length > 1
      ? spearman(
          shares,
          voted.map((row) => row.probability),
        )
      : Number.NaN;
  return { groups, correlation };
}

/** True where the decision at the threshold is the label. */
export function isRight({ label, probability }: Prediction, threshold: number): boolean {
  return probability >= threshold === (label === 1);
}
