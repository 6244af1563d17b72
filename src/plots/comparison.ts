/** @module Compares techniques: results, and costs of accuracy; and figures of intervals. */

import type { Data } from "plotly.js";
import { type Interval, measureName, type PairedDifference, type Subgroup } from "../evaluation/index";
import { withInterval } from "../format/index";
import { colours, errorBars, type Figure, figure, plain, rounded, seriesColour, verticalLine } from "./figure";

/** A technique with the results for the figures. */
export interface ComparedTechnique {
  readonly name: string;
  readonly title: string;
  readonly test: { readonly rocAuc: number; readonly rocAucCi95?: Interval };
  /** Test AUC minus the colour baseline's on the same tiles, with its 95 % interval (DeLong); missing without a baseline. */
  readonly beyondBaseline?: { readonly difference: number; readonly ci95: Interval };
  readonly parameters: number;
  /** Median time of the exported model for single images, without decoding. */
  readonly latencyMs: number;
  /** Time of the training itself, without the trainings that selected a choice. */
  readonly trainingSeconds: number;
}

/** Test AUC of each technique with its interval; a dotted line marks the baseline, if there is one. */
export function techniquesFigure(rows: readonly ComparedTechnique[]): Figure {
  const baseline = rows.find(({ name }) => name === "colour");
  return intervalFigure(
    "How well test images are ranked (95 % intervals)",
    rows.map(({ title, test }) => ({
      name: title,
      value: test.rocAuc,
      ...(test.rocAucCi95 && { interval: test.rocAucCi95 }),
    })),
    { title: "ROC AUC", ...(baseline && { reference: baseline.test.rocAuc }) },
  );
}

/** Differences from the baseline on the same images. */
export function beyondBaselineFigure(rows: readonly ComparedTechnique[]): Figure {
  return intervalFigure(
    "AUC beyond the colour baseline (95 % intervals, paired)",
    rows.flatMap(({ title, beyondBaseline }) =>
      beyondBaseline ? [{ name: title, value: beyondBaseline.difference, interval: beyondBaseline.ci95 }] : [],
    ),
    { title: "difference of ROC AUC", reference: 0 },
  );
}

const COSTS = [
  { of: (row: ComparedTechnique) => row.latencyMs, title: "ms an image, exported", axis: "" },
  { of: (row: ComparedTechnique) => row.parameters, title: "parameters", axis: "2" },
  { of: (row: ComparedTechnique) => row.trainingSeconds, title: "seconds of training", axis: "3" },
] as const;

/** Test AUC against latency, parameters and training time, with one symbol per technique. */
export function techniqueCostFigure(rows: readonly ComparedTechnique[]): Figure {
  const data = COSTS.flatMap(({ of, axis }) =>
    rows.map((row, i) => ({
      x: [of(row)],
      y: [row.test.rocAuc],
      name: plain(row.name),
      legendgroup: plain(row.name),
      showlegend: axis === "",
      mode: "markers" as const,
      marker: { size: 12, color: seriesColour(i), symbol: i },
      hovertemplate: `${plain(row.title)}: %{y:.3f}, %{x:.3s}<extra></extra>`,
      xaxis: `x${axis}`,
      yaxis: `y${axis}`,
    })),
  );
  return figure("What accuracy costs", data, {
    xaxis: { type: "log", title: { text: COSTS[0].title }, dtick: 1, domain: [0, 0.3] },
    yaxis: { title: { text: "test AUC" } },
    xaxis2: { type: "log", title: { text: COSTS[1].title }, dtick: 1, domain: [0.35, 0.65] },
    yaxis2: { anchor: "x2", matches: "y", showticklabels: false },
    xaxis3: { type: "log", title: { text: COSTS[2].title }, dtick: 1, domain: [0.7, 1] },
    yaxis3: { anchor: "x3", matches: "y", showticklabels: false },
    legend: { orientation: "h", y: -0.25 },
    width: 860,
  });
}

/** Values as points with their intervals as bars, in the given order from the top. */
export function intervalFigure(
  title: string,
  rows: readonly { readonly name: string; readonly value: number; readonly interval?: Interval }[],
  axis: { readonly title: string; readonly reference?: number; readonly range?: [number, number] },
): Figure {
  const { reference } = axis;
  const values = rows.map(({ value }) => value);
  const points: Data = {
    x: rounded(values),
    y: rows.map(({ name }) => plain(name)),
    error_x: errorBars(
      values,
      rows.map(({ interval }) => interval),
      { thickness: 2, width: 4, color: colours.negative },
    ),
    mode: "markers",
    marker: { color: colours.negative, size: 9 },
    text: rows.map(({ value, interval }) => withInterval(value, interval)),
    hovertemplate: "%{y}: %{text}<extra></extra>",
  };
  return figure(title, [points], {
    height: 130 + 34 * Math.max(2, rows.length),
    showlegend: false,
    xaxis: { title: { text: axis.title }, ...(axis.range && { range: axis.range }) },
    yaxis: { range: [rows.length - 0.4, -0.6], type: "category", showgrid: false },
    ...(reference !== undefined && {
      shapes: [verticalLine(reference, { color: colours.reference, width: 1, dash: "dot" })],
    }),
  });
}

/** ROC AUC of subgroups. Leaves out groups with one class, which have none. */
export function subgroupFigure(groups: readonly Subgroup[]): Figure {
  const rows = groups
    .filter(({ rocAuc }) => Number.isFinite(rocAuc))
    .map(({ group, n, rocAuc, rocAucCi95 }) => ({ name: `${group} (${n})`, value: rocAuc, interval: rocAucCi95 }));
  return intervalFigure("ROC AUC by subgroup", rows, { title: "ROC AUC", reference: 0.5 });
}

const COMPARED = ["rocAuc", "prAuc", "accuracy", "balancedAccuracy", "recall", "specificity", "precision", "f1"];

/** Differences of two models on the same images, with paired 95 % intervals. */
export function differenceFigure(
  differences: Readonly<Record<string, PairedDifference>>,
  names: readonly [a: string, b: string],
): Figure {
  const rows = COMPARED.flatMap((key) => {
    const found = differences[key];
    return found ? [{ name: measureName(key), value: found.difference, interval: found.ci95 }] : [];
  });
  return intervalFigure(names.map(plain).join(" minus "), rows, { title: "difference", reference: 0 });
}

/** Importances as horizontal bars, the largest on top. */
export function importanceFigure(
  importances: readonly { name: string; value: number }[],
  title = "Importance",
): Figure {
  const sorted = [...importances].sort((a, b) => b.value - a.value);
  const bars: Data = {
    type: "bar",
    orientation: "h",
    x: rounded(sorted.map(({ value }) => value)),
    y: sorted.map(({ name }) => plain(name)),
    marker: { color: colours.negative },
    hovertemplate: "%{y}: %{x:.3f}<extra></extra>",
  };
  return figure(title, [bars], {
    height: 130 + 30 * Math.max(2, sorted.length),
    yaxis: { autorange: "reversed", type: "category", showgrid: false },
    xaxis: { rangemode: "tozero" },
  });
}

/** How well a classifier tells each set of images from the training images, with 95 % intervals. The dotted line is chance. */
export function shiftFigure(
  shifts: Readonly<Record<string, { images: readonly [train: number, set: number]; auc: number; ci95: Interval }>>,
): Figure {
  const rows = Object.entries(shifts).map(([name, { auc, ci95, images }]) => ({
    name: `${name} (${images[1]})`,
    value: auc,
    interval: ci95,
  }));
  return intervalFigure("How far images differ from the training images", rows, {
    title: "ROC AUC of telling them apart",
    reference: 0.5,
    range: [0.3, 1.02],
  });
}
