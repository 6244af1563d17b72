/** @module ROC, precision-recall and threshold curves. */
import type { Data, Layout } from "plotly.js";
import {
  type Interval,
  measureName,
  type PrecisionRecallCurve,
  type RocBand,
  type RocCurve,
  type SweepPoint,
} from "../evaluation/index";
import { decimal, withInterval } from "../format/index";
import {
  cornersOf,
  type Figure,
  figure,
  legendBelow,
  plain,
  rateAxis,
  referenceLine,
  rounded,
  seriesColour,
  translucent,
  verticalLine,
} from "./figure";

/** One model's ROC curve. */
interface RocSeries {
  readonly name: string;
  readonly curve: RocCurve;
  readonly auc: number;
  readonly ci95?: Interval;
  /** Pointwise 95 % band. */
  readonly band?: RocBand;
  /** The point of the decision threshold on the curve. */
  readonly operating?: { readonly recall: number; readonly specificity: number; readonly threshold: number };
}

const SQUARE: Partial<Layout> = { width: 560, height: 520 };

/** ROC curves with their areas, bands and the chosen operating points. */
export function rocFigure(series: readonly RocSeries[]): Figure {
  const data = [referenceLine("chance", [0, 1], { showlegend: false })];
  series.forEach(({ name, curve, auc, ci95, band, operating }, i) => {
    const colour = seriesColour(i);
    if (band?.low.every(Number.isFinite)) data.push(...bandTraces(band, colour));
    const { falsePositiveRate: x, truePositiveRate: y, thresholds } = curve;
    const shown = cornersOf(x, y);
    data.push({
      x: rounded(shown.map((at) => x[at] as number)),
      y: rounded(shown.map((at) => y[at] as number)),
      customdata: rounded(shown.map((at) => thresholds[at] as number)) as number[],
      mode: "lines",
      name: `${plain(name)}: AUC ${withInterval(auc, ci95)}`,
      line: { color: colour },
      hovertemplate: "recall %{y:.3f}, false positive rate %{x:.3f}, threshold %{customdata:.3f}<extra></extra>",
    });
    if (operating) data.push(operatingPoint(operating, colour));
  });
  return figure("ROC curve", data, {
    ...SQUARE,
    xaxis: rateAxis("1 − specificity (false positive rate)"),
    yaxis: rateAxis("recall (true positive rate)"),
    legend: legendBelow(0.18),
  });
}

function bandTraces({ falsePositiveRate, low, high }: RocBand, colour: string): Data[] {
  const x = rounded(falsePositiveRate);
  const edge = { x, mode: "lines", line: { width: 0 }, showlegend: false, hoverinfo: "skip" } as const;
  return [
    { ...edge, y: rounded(low) },
    { ...edge, y: rounded(high), fill: "tonexty", fillcolor: translucent(colour, 0.15) },
  ];
}

function operatingPoint({ recall, specificity, threshold }: NonNullable<RocSeries["operating"]>, colour: string): Data {
  return {
    x: rounded([1 - specificity]),
    y: rounded([recall]),
    mode: "markers",
    name: `threshold ${decimal(threshold)}: recall ${decimal(recall)}, specificity ${decimal(specificity)}`,
    marker: { color: colour, size: 11, symbol: "circle-open", line: { width: 2.5, color: colour } },
    hoverinfo: "name",
  };
}

/** One model's precision-recall curve. */
interface PrecisionRecallSeries {
  readonly name: string;
  readonly curve: PrecisionRecallCurve;
  /** Average precision. */
  readonly prAuc: number;
  readonly ci95?: Interval;
}

/** Precision-recall curves. @param prevalence share of positives: the precision of random decisions */
export function precisionRecallFigure(series: readonly PrecisionRecallSeries[], prevalence: number): Figure {
  const name = `share of positives ${decimal(prevalence)}`;
  const chance = referenceLine(name, [prevalence, prevalence], { hoverinfo: "name" });
  const lines = series.map(({ name, curve, prAuc, ci95 }, i): Data => {
    const shown = cornersOf(curve.recall, curve.precision);
    // Starts at recall 0 and moves vertically before each step to the right: the area below is the average precision.
    const valuesOf = (values: ArrayLike<number>) => shown.map((at) => values[at] as number);
    const [precision, thresholds] = [valuesOf(curve.precision), valuesOf(curve.thresholds)];
    return {
      x: rounded([0, ...valuesOf(curve.recall)]),
      y: rounded([...precision.slice(0, 1), ...precision]),
      customdata: rounded([...thresholds.slice(0, 1), ...thresholds]) as number[],
      mode: "lines",
      name: `${plain(name)}: average precision ${withInterval(prAuc, ci95)}`,
      line: { color: seriesColour(i), shape: "vh" },
      hovertemplate: "precision %{y:.3f}, recall %{x:.3f}, threshold %{customdata:.3f}<extra></extra>",
    };
  });
  return figure("Precision and recall", [...lines, chance], {
    ...SQUARE,
    xaxis: rateAxis("recall"),
    yaxis: rateAxis("precision"),
    legend: legendBelow(0.18),
  });
}

const SWEPT = ["recall", "specificity", "precision", "f1", "balancedAccuracy", "accuracy"] as const;
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"] as const;

/** Measures by threshold, with the chosen threshold marked. */
export function sweepFigure(points: readonly SweepPoint[], chosen?: number): Figure {
  const data = SWEPT.map(
    (measure, i): Data => ({
      x: rounded(points.map(({ threshold }) => threshold)),
      y: rounded(points.map((point) => point[measure])),
      mode: "lines",
      name: measureName(measure),
      line: { dash: DASHES[i % DASHES.length] as (typeof DASHES)[number] },
      hovertemplate: "%{y:.3f}",
    }),
  );
  return figure("Measures by threshold", data, {
    hovermode: "x unified",
    xaxis: { title: { text: "threshold (probability)" }, range: [0, 1], dtick: 0.1, tickformat: ".1f" },
    yaxis: rateAxis(""),
    legend: legendBelow(),
    ...(chosen !== undefined && verticalMark(chosen, `chosen: ${decimal(chosen)}`)),
  });
}

/** A vertical line with a label at its top, as part of a layout. */
function verticalMark(x: number, text: string): Pick<Layout, "shapes" | "annotations"> {
  const label = { x, y: 1, yref: "paper", yanchor: "bottom", text, showarrow: false } as const;
  return { shapes: [verticalLine(x)], annotations: [{ ...label, font: { size: 12 } }] };
}
