/** @module Learning curves of a training. */
import type { Data } from "plotly.js";
import type { EpochLine } from "../evaluation/index";
import { decimal } from "../format/index";
import { type Figure, figure } from "./figure";
import { rounded } from "./numbers";
import { verticalLine } from "./parts";
import { colours } from "./theme";

interface LearningCurveOptions {
  /** Measure to show next to the loss. Default: `rocAuc`. */
  readonly metric?: string;
  /** Epoch whose weights were kept. */
  readonly bestEpoch?: number;
}

const METRIC_NAMES: Readonly<Record<string, string>> = {
  rocAuc: "ROC AUC",
  prAuc: "PR AUC",
  f1: "F1",
  balancedAccuracy: "balanced accuracy",
};

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
  return figure(`Learning curves${bestLabel(history, options)}`, [...panel("loss", ""), ...panel(metric, "2")], {
    width: 860,
    hovermode: "x unified",
    grid: { rows: 1, columns: 2, pattern: "independent", xgap: 0.16 },
    xaxis,
    xaxis2: xaxis,
    yaxis: { title: { text: "loss" } },
    yaxis2: { title: { text: METRIC_NAMES[metric] ?? metric } },
    legend: { orientation: "h", x: 1, xanchor: "right", y: 1.02, yanchor: "bottom" },
    ...(bestEpoch !== undefined && {
      shapes: (["x", "x2"] as const).map((xref) => ({ ...verticalLine(bestEpoch), xref })),
    }),
  });
}

function bestLabel(history: readonly EpochLine[], { metric = "rocAuc", bestEpoch }: LearningCurveOptions): string {
  const best = history.find(({ epoch }) => epoch === bestEpoch);
  if (!best) return "";
  return `: best epoch ${bestEpoch}, ${METRIC_NAMES[metric] ?? metric} ${decimal(best.validation[metric])}`;
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
