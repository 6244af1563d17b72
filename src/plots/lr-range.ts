/** @module The learning rate range test. */
import { type Figure, figure } from "./figure";
import { rounded } from "./numbers";
import { verticalLine } from "./parts";
import { colours, translucent } from "./theme";

/** Loss by learning rate on a logarithmic axis: per batch, as running mean, and the suggested rate. */
export function learningRateRangeFigure({
  points,
  suggestion,
}: {
  readonly points: readonly { readonly learningRate: number; readonly loss: number; readonly smoothed: number }[];
  readonly suggestion: number;
}): Figure {
  const x = points.map(({ learningRate }) => learningRate);
  const smoothed = points.map((point) => point.smoothed);
  const [lowest, highest] = [Math.min(...smoothed), Math.max(...smoothed.slice(0, Math.ceil(smoothed.length / 2)))];
  const margin = 0.5 * Math.max(highest - lowest, 0.05);
  return figure(
    `Learning rate range test: ${suggestion.toExponential(1)} falls fastest`,
    [
      {
        x,
        y: rounded(points.map(({ loss }) => loss)),
        mode: "markers",
        name: "batch",
        marker: { size: 4, color: translucent(colours.negative, 0.5) },
        hovertemplate: "%{x:.2e}: %{y:.3f}<extra></extra>",
      },
      { x, y: rounded(smoothed), mode: "lines", name: "running mean", line: { color: colours.positive } },
    ],
    {
      xaxis: { title: { text: "learning rate" }, type: "log", dtick: 1, tickformat: ".0e" },
      yaxis: { title: { text: "loss" }, range: [lowest - margin, highest + margin] },
      shapes: [verticalLine(suggestion)],
    },
  );
}
