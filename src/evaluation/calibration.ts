/** @module Calibration of probabilities: reliability by bin and calibration error. */

import { shareOfRowsInterval } from "./intervals";
import type { RowGroups } from "./row-groups";

/** Rows whose probability is in one bin. */
export type MeasuredBin = ReturnType<typeof measuredBins>[number];

/** Number of bins of the expected calibration error, as in Guo et al. 2017. */
const CALIBRATION_BINS = 15;

/**
 * Sorts probabilities into bins of equal width, open below and closed above (the first one includes 0), as in Guo et al. 2017 and
 * scikit-learn's `calibration_curve`.
 */
export function calibrationBins(labels: ArrayLike<number>, probabilities: ArrayLike<number>, bins = CALIBRATION_BINS) {
  const counts = new Float64Array(bins);
  const sums = new Float64Array(bins);
  const positives = new Float64Array(bins);
  const edges = edgesOf(bins);
  for (let i = 0; i < labels.length; i++) {
    const probability = probabilities[i] as number;
    const bin = binOf(probability, edges);
    (counts[bin] as number)++;
    sums[bin] = (sums[bin] as number) + probability;
    positives[bin] = (positives[bin] as number) + (labels[i] as number);
  }
  return Array.from(counts, (count, i) => ({
    low: edges[i] as number,
    high: edges[i + 1] as number,
    count,
    /** Mean probability of the positive class; NaN in an empty bin. */
    meanProbability: (sums[i] as number) / count,
    /** Share of positives; NaN in an empty bin. */
    positiveShare: (positives[i] as number) / count,
  }));
}

/** {@link calibrationBins} with the 95 % interval of each one's share, `[0, 1]` in an empty bin. @param groups of dependent rows */
export function measuredBins(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  bins = CALIBRATION_BINS,
  groups?: RowGroups,
) {
  const edges = edgesOf(bins);
  const binOfRow = Array.from(probabilities, (probability) => binOf(probability, edges));
  return calibrationBins(labels, probabilities, bins).map((bin, i) => {
    const isWithin = (_: number, row: number) => binOfRow[row] === i;
    const positive = Array.from(labels).filter(isWithin).map(Boolean);
    return { ...bin, positiveShareCi95: shareOfRowsInterval(positive, groups?.filter(isWithin)) };
  });
}

function edgesOf(bins: number): number[] {
  return Array.from({ length: bins + 1 }, (_, i) => (i === bins ? 1 : i * (1 / bins)));
}

/** The bin of a probability: estimated by multiplication, then corrected by comparing with the edges. */
function binOf(probability: number, edges: readonly number[]): number {
  const last = edges.length - 2;
  let bin = Math.min(last, Math.max(0, Math.ceil(probability * (last + 1)) - 1));
  while (bin > 0 && probability <= (edges[bin] as number)) bin--;
  while (bin < last && probability > (edges[bin + 1] as number)) bin++;
  return bin;
}

/** Mean difference of probability and share of positives over the bins, weighted by size (Naeini et al. 2015). */
export function expectedCalibrationError(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  let sum = 0;
  for (const bin of calibrationBins(labels, probabilities)) {
    if (bin.count > 0) sum += bin.count * Math.abs(bin.meanProbability - bin.positiveShare);
  }
  return sum / labels.length;
}
