/** @module Figures of a training: learning curves, the learning rate range test, the variance that a subspace explains. */
import type { Data } from "plotly.js";
import { type EpochLine, measureName } from "../evaluation/index";
import { counted, decimal, percent } from "../format/index";
import { colours, type Figure, figure, legendBelow, rounded, translucent, verticalLine } from "./figure";

interface LearningCurveOptions {
  /** Measure to show next to the loss. Default: `rocAuc`. */
  readonly metric?: string;
  /** Epoch whose weights were kept. */
  readonly bestEpoch?: number;
}

/** Loss and one measure by epoch for training and validation, with the best epoch marked. */
export function learningCurves(history: readonly EpochLine[], options: LearningCurveOptions = {}): Figure {
  const { metric = "rocAuc", bestEpoch } = options;
  const x = history.map(({ epoch }) => epoch);
  const panel = (name: string, axis: "" | "2"): Data[] =>
    (["train", "validation"] as const).map((partition) => ({
      x,
      y: rounded(history.map((line) => Number(line[partition][name] ?? Number.NaN))),
      mode: x.length > 40 ? "lines" : "lines+markers",
      name: partition === "train" ? "training" : "validation",
      legendgroup: partition,
      showlegend: axis === "",
      xaxis: `x${axis}`,
      yaxis: `y${axis}`,
      line: partition === "train" ? { color: colours.negative, dash: "dot" } : { color: colours.positive },
      marker: { size: 4 },
      hovertemplate: "%{y:.4f}",
    }));
  const xaxis = { title: { text: "epoch" }, ...(x.length <= 12 && { dtick: 1 }) };
  return figure(bestLabel(history, options) ?? "Learning curves", [...panel("loss", ""), ...panel(metric, "2")], {
    width: 860,
    hovermode: "x unified",
    grid: { rows: 1, columns: 2, pattern: "independent", xgap: 0.16 },
    xaxis,
    xaxis2: xaxis,
    annotations: [panelTitle("loss", "x"), panelTitle(measureName(metric), "x2")],
    legend: legendBelow(),
    ...(bestEpoch !== undefined && {
      shapes: (["x", "x2"] as const).map((xref) => ({ ...verticalLine(bestEpoch), xref })),
    }),
  });
}

/** What a panel shows, above it: on a narrow page, the title of the second axis would lie on the first panel. */
function panelTitle(text: string, panel: "x" | "x2") {
  const place = {
    xref: `${panel} domain` as "x domain",
    x: 0,
    xanchor: "left",
    yref: "paper",
    y: 1,
    yanchor: "bottom",
  } as const;
  return { ...place, text, showarrow: false, font: { size: 13 } };
}

function bestLabel(history: readonly EpochLine[], { metric = "rocAuc", bestEpoch }: LearningCurveOptions) {
  const best = history.find(({ epoch }) => epoch === bestEpoch);
  if (!best) return undefined;
  return `Best epoch ${bestEpoch}: ${measureName(metric)} ${decimal(best.validation[metric])}`;
}

export function learningRateFigure(history: readonly EpochLine[]): Figure {
  const data: Data = {
    x: history.map(({ epoch }) => epoch),
    y: history.map(({ learningRate }) => learningRate ?? null),
    mode: "lines",
    hovertemplate: "%{y:.2e}<extra></extra>",
  };
  return figure("Learning rate", [data], {
    height: 300,
    xaxis: { title: { text: "epoch" } },
    yaxis: { title: { text: "learning rate" }, tickformat: ".0e" },
  });
}

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

/** Share of the pixels' variance in the first r directions. @param variances of the directions, largest first @param total of all pixels */
export function explainedVarianceFigure(variances: ArrayLike<number>, total: number): Figure {
  let sum = 0;
  const shares = Array.from(variances, (variance) => {
    sum += variance;
    return sum / total;
  });
  const last = shares.at(-1) ?? 0;
  const line: Data = {
    x: shares.map((_, i) => i + 1),
    y: rounded(shares),
    mode: "lines",
    line: { color: colours.positive },
    hovertemplate: "%{x} directions: %{y:.1%}<extra></extra>",
  };
  return figure(`${counted(shares.length, "direction")} hold ${percent(last)} of the variance`, [line], {
    xaxis: { title: { text: "directions" }, type: "log", dtick: 1 },
    yaxis: { title: { text: "share of the variance" }, tickformat: ".0%", range: [0, 1] },
  });
}
