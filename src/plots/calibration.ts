/** @module Calibration and distribution of the predicted probabilities. */
import type { Data } from "plotly.js";
import type { MeasuredBin } from "../evaluation/index";
import {
  colours,
  errorBars,
  type Figure,
  figure,
  legendBelow,
  plain,
  rateAxis,
  referenceLine,
  rounded,
  seriesColour,
  verticalLine,
} from "./figure";

/** Reliability diagram: share of positives against mean probability with 95 % intervals, above the number of images per bin. */
export function calibrationFigure(
  series: readonly { readonly name: string; readonly bins: readonly MeasuredBin[] }[],
): Figure {
  const data = series.flatMap(({ name: given, bins }, i): Data[] => {
    const name = plain(given);
    const colour = seriesColour(i);
    const filled = bins.filter(({ count }) => count > 0);
    const shares = filled.map(({ positiveShare }) => positiveShare);
    const intervals = filled.map(({ positiveShareCi95 }) => positiveShareCi95);
    return [
      {
        x: rounded(filled.map(({ meanProbability }) => meanProbability)),
        y: rounded(shares),
        customdata: filled.map(({ count }) => count),
        error_y: errorBars(shares, intervals, { thickness: 1, width: 3, color: colour }),
        mode: "lines+markers",
        name,
        line: { color: colour },
        hovertemplate: "%{y:.3f} positive at a probability of %{x:.3f} (%{customdata} images)<extra></extra>",
      },
      {
        type: "bar",
        x: rounded(bins.map(({ low, high }) => (low + high) / 2)),
        y: bins.map(({ count }) => count),
        width: 1 / bins.length / (series.length > 1 ? 2.2 : 1.1),
        offset: (series.length > 1 ? i - 1 : -0.45) / bins.length / (series.length > 1 ? 2.2 : 1),
        name,
        showlegend: false,
        yaxis: "y2",
        marker: { color: colour, opacity: 0.7 },
        hovertemplate: "%{y} images<extra></extra>",
      },
    ];
  });
  return figure("Calibration", [referenceLine("perfect", [0, 1]), ...data], {
    width: 560,
    height: 560,
    barmode: "overlay",
    xaxis: { ...rateAxis("predicted probability"), anchor: "y2" },
    yaxis: { ...rateAxis("share of positives", [-0.02, 1.02]), domain: [0.3, 1] },
    yaxis2: { title: { text: "images" }, domain: [0, 0.2], nticks: 4 },
    legend: legendBelow(0.14),
  });
}

/** Histograms of the probabilities by class, with the threshold. The model cannot tell apart images where they overlap. */
export function scoreFigure(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  classes: readonly [negative: string, positive: string],
  threshold?: number,
): Figure {
  const bins = 40;
  const counts = [new Array<number>(bins).fill(0), new Array<number>(bins).fill(0)];
  for (let i = 0; i < labels.length; i++) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((scores[i] as number) * bins)));
    const ofClass = counts[labels[i] as number] as number[];
    ofClass[bin] = (ofClass[bin] as number) + 1;
  }
  const data = counts.map(
    (values, label): Data => ({
      type: "bar",
      x: values.map((_, i) => (i + 0.5) / bins),
      y: values,
      width: 1 / bins,
      name: plain(classes[label] as string),
      opacity: 0.65,
      marker: { color: label ? colours.positive : colours.negative },
      hovertemplate: "%{y} images at %{x:.2f}<extra></extra>",
    }),
  );
  return figure("Predicted probabilities by class", data, {
    barmode: "overlay",
    bargap: 0,
    xaxis: rateAxis(`predicted probability of ${plain(classes[1])}`, [0, 1]),
    legend: legendBelow(),
    yaxis: { title: { text: "images" } },
    ...(threshold !== undefined && { shapes: [verticalLine(threshold)] }),
  });
}
