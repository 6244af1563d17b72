/** @module What each row contributes to average precision: how much it changes without the row (jackknife). */
import type { Contributions } from "./contributions";
import { averagePrecisionOf, type Ranking, rank } from "./ranking";

/**
 * The contributions of all rows in one pass over the ranks: without a row, only its own rank and those below it change.
 * @param scores one per row, on any scale
 */
export function precisionContributions(labels: ArrayLike<number>, scores: ArrayLike<number>): Contributions {
  const ranking = rank(labels, scores);
  const without = [valuesWithout(ranking, 0), valuesWithout(ranking, 1)] as const;
  const totals = [ranking.totalNegatives, ranking.totalPositives] as const;
  const means = [meanOf(without[0], ranking.negatives), meanOf(without[1], ranking.positives)] as const;
  const levels = new Map(Array.from(ranking.scores, (score, level) => [score, level]));
  return Float64Array.from(labels, (_, row) => {
    const label = labels[row] ? 1 : 0;
    const value = without[label][levels.get(scores[row] as number) as number] as number;
    return totals[label] < 2 ? 0 : ((means[label] - value) * (totals[label] - 1)) / totals[label];
  });
}

/** For each rank the average precision without one row of the class there. */
function valuesWithout(ranking: Ranking, label: 0 | 1): Float64Array {
  const { positives, negatives, totalPositives } = ranking;
  const size = positives.length;
  const total = totalPositives - label;
  const [tp, seen] = [new Float64Array(size), new Float64Array(size)];
  for (let i = size - 1; i >= 0; i--) {
    tp[i] = (tp[i + 1] ?? 0) + (positives[i] as number);
    seen[i] = (seen[i + 1] ?? 0) + (positives[i] as number) + (negatives[i] as number);
  }
  // Sums of the ranks below (lower scores), as they are without one row above them.
  const below = new Float64Array(size);
  for (let i = 1; i < size; i++) {
    const changed = ((positives[i - 1] as number) * ((tp[i - 1] as number) - label)) / ((seen[i - 1] as number) - 1);
    below[i] = (below[i - 1] as number) + (Number.isFinite(changed) ? changed : 0);
  }
  const values = new Float64Array(size);
  let above = 0;
  for (let i = size - 1; i >= 0; i--) {
    const p = positives[i] as number;
    const own = (seen[i] as number) > 1 ? ((p - label) * ((tp[i] as number) - label)) / ((seen[i] as number) - 1) : 0;
    values[i] = total > 0 ? (above + own + (below[i] as number)) / total : averagePrecisionOf(ranking);
    above += (p * (tp[i] as number)) / (seen[i] as number);
  }
  return values;
}

function meanOf(values: Float64Array, counts: ArrayLike<number>): number {
  let [sum, n] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const count = counts[i] as number;
    if (count > 0) sum += count * (values[i] as number);
    n += count;
  }
  return n === 0 ? 0 : sum / n;
}
