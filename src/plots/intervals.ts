/** @module Forest plots of values with their intervals: subgroups, differences of models and of images, importances. */
import type { Data } from "plotly.js";
import type { Interval, PairedDifference, Subgroup } from "../evaluation/index";
import { colours, errorBars, type Figure, figure, plain, rounded, verticalLine, withInterval } from "./figure";

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

const COMPARED: readonly (readonly [string, string])[] = [
  ["rocAuc", "ROC AUC"],
  ["prAuc", "PR AUC"],
  ["accuracy", "accuracy"],
  ["balancedAccuracy", "balanced accuracy"],
  ["recall", "recall"],
  ["specificity", "specificity"],
  ["precision", "precision"],
  ["f1", "F1"],
];

/** Differences of two models on the same images, with paired 95 % intervals. */
export function differenceFigure(
  differences: Readonly<Record<string, PairedDifference>>,
  names: readonly [a: string, b: string],
): Figure {
  const rows = COMPARED.flatMap(([key, name]) => {
    const found = differences[key];
    return found ? [{ name, value: found.difference, interval: found.ci95 }] : [];
  });
  return intervalFigure(names.map(plain).join(" minus "), rows, { title: "difference", reference: 0 });
}

/** One bar of {@link importanceFigure}. */
interface Importance {
  readonly name: string;
  readonly value: number;
}

/** Importances as horizontal bars, the largest on top. */
export function importanceFigure(importances: readonly Importance[], title = "Importance"): Figure {
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

/** A set of images compared with the training images. */
interface SetShift {
  readonly images: readonly [train: number, set: number];
  /** ROC AUC of a classifier that tells the two apart. */
  readonly auc: number;
  readonly ci95: Interval;
}

/** How well a classifier tells each set of images from the training images, with 95 % intervals. The dotted line is chance. */
export function shiftFigure(shifts: Readonly<Record<string, SetShift>>): Figure {
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
