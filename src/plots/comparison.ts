/** @module Compares techniques: results, and costs of accuracy. */
import type { Interval } from "../evaluation/index";
import { colours, type Figure, figure, plain } from "./figure";
import { intervalFigure } from "./intervals";

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
      marker: { size: 12, color: colours.series[i % colours.series.length], symbol: i },
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
