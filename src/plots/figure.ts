/** @module The figure that every plot function returns, its colours and fonts, and the parts that several of them share. */
import type { Data, ErrorOptions, Layout, Legend, Shape, Template } from "plotly.js";
import type { Interval } from "../evaluation/index";

/** A plotly figure as JSON data. Its layout includes template, title and size. */
export interface Figure {
  readonly data: Data[];
  readonly layout: Partial<Layout>;
}

/** Default size of a figure in pixels. */
export const FIGURE_SIZE = { width: 700, height: 420 } as const;

/** Characters for private use that stand for a name's marks until {@link figure} escapes them. */
const [LESS, PERCENT] = ["\uE000", "\uE001"];

/** A name from data for the texts of a figure, which show marks in it (`<b>`, `%{y}`) as they are. */
export function plain(name: string): string {
  return name.replaceAll("<", LESS).replaceAll("%{", `${PERCENT}{`);
}

/**
 * A figure in the project's style. Names from data belong into {@link plain}. In other texts, what looks like a tag is escaped, unless
 * figures have it: plotly leaves out those that it does not know.
 * @param title one line: what the figure shows
 */
export function figure(title: string, data: Data[], layout: Partial<Layout> = {}): Figure {
  const shown = { ...FIGURE_SIZE, title: { text: title }, ...layout };
  return { data: withPlainTexts(data), layout: { template: lightTemplate, ...withPlainTexts(shown) } };
}

/** A `<` that begins none of the tags which figures have, and an `&` that plotly would take for the start of a character. */
const MARKS = /<(?!\/?(?:b|br|extra)>)|&(?=#?\w+;)/g;

/** The same value, with marks in all of its texts escaped. */
function withPlainTexts<T>(value: T): T {
  if (typeof value === "string") {
    const escaped = value.replace(MARKS, (mark) => (mark === "<" ? "&lt;" : "&amp;"));
    return escaped.replaceAll(LESS, "&lt;").replaceAll(PERCENT, "&#37;") as T;
  }
  if (Array.isArray(value)) return value.map(withPlainTexts) as T;
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withPlainTexts(inner)])) as T;
}

/** Error bars from values to the ends of their intervals; none for a value without an interval. */
export function errorBars(
  values: readonly number[],
  intervals: readonly (Interval | undefined)[],
  style: Partial<ErrorOptions>,
) {
  const lengths = (end: 0 | 1) =>
    rounded(values.map((value, i) => Math.abs((intervals[i]?.[end] ?? value) - value))).map((length) => length ?? 0);
  return { type: "data" as const, symmetric: false, array: lengths(1), arrayminus: lengths(0), ...style };
}

/** Ticks of a logarithmic axis at 1, 2 and 5 times the powers of ten around positive values, each written in full. */
export function logTicks(values: readonly number[]): { tickvals: number[]; ticktext: string[] } {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const powers = Math.ceil(Math.log10(most)) - Math.floor(Math.log10(least));
  const tickvals = Array.from({ length: powers + 1 }, (_, i) => 10 ** (Math.floor(Math.log10(least)) + i)).flatMap(
    (power) => [power, 2 * power, 5 * power],
  );
  return { tickvals, ticktext: tickvals.map((value) => Number(value.toPrecision(1)).toLocaleString("en")) };
}

/** An axis of shares from 0 to 1. */
export function rateAxis(title: string, range: [low: number, high: number] = [-0.01, 1.01]) {
  return { title: { text: title }, range, dtick: 0.2, tickformat: ".1f" };
}

/** A vertical line over the whole height, by default in the style of chosen values. */
export function verticalLine(x: number, style: Partial<Shape["line"]> = {}) {
  const line = { color: colours.chosen, width: 1.5, dash: "dash" as const, ...style };
  return { type: "line" as const, x0: x, x1: x, yref: "paper" as const, y0: 0, y1: 1, line };
}

/** A dotted line from x = 0 to x = 1, such as that of chance. */
export function referenceLine(name: string, y: readonly [number, number], more: Partial<Data> = {}): Data {
  const line = { color: colours.reference, dash: "dot", width: 1 } as const;
  return { x: [0, 1], y: rounded(y), mode: "lines", name, hoverinfo: "skip", line, ...more } as Data;
}

/** Rounds values to five decimals, enough for rates and probabilities. Non-finite values become null, which plotly skips. */
export function rounded(values: ArrayLike<number>): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? Math.round(value * 1e5) / 1e5 : null));
}

/** Indices of the points that shape a line: its ends and corners, at most about 1,500. */
export function cornersOf(x: ArrayLike<number>, y: ArrayLike<number>): number[] {
  const corners: number[] = [];
  for (let i = 0; i < x.length; i++) {
    const [x0, x1, x2] = [x[i - 1], x[i] as number, x[i + 1]];
    const [y0, y1, y2] = [y[i - 1], y[i] as number, y[i + 1]];
    const end = x0 === undefined || x2 === undefined || y0 === undefined || y2 === undefined;
    // Exactly 0 on horizontal and vertical stretches, however small the steps of a large data set are.
    if (end || (x1 - x0) * (y2 - y1) !== (x2 - x1) * (y1 - y0)) corners.push(i);
  }
  const every = Math.ceil(corners.length / 1500);
  return corners.filter((_, i) => i % every === 0 || i === corners.length - 1);
}

/** Colours by meaning and, as `series`, in the order of lines. */
export const colours = {
  /** The negative class. */
  negative: "#4477AA",
  /** The positive class. */
  positive: "#EE6677",
  good: "#228833",
  /** References such as chance lines. */
  reference: "#8A8F98",
  /** A chosen value, such as the threshold. */
  chosen: "#AA3377",
  series: ["#4477AA", "#EE6677", "#228833", "#AA3377", "#66CCEE", "#CCBB44", "#8A8F98"],
} as const;

/** The colour of the i-th line. */
export function seriesColour(i: number): string {
  return colours.series[i % colours.series.length] as string;
}

/** Colour scale of heat maps, from low to high; readable in grey too. */
export const sequentialScale: [number, string][] = [
  [0, "#F7FAFC"],
  [0.25, "#C6DCEC"],
  [0.5, "#86B4D5"],
  [0.75, "#4A84B4"],
  [1, "#22527F"],
];

/** `#RRGGBB` with an opacity from 0 to 1, for bands. */
export function translucent(colour: string, opacity: number): string {
  return `rgba(${channelsOf(colour)},${opacity})`;
}

/** Red, green and blue of `#RRGGBB`. */
export function channelsOf(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}

/** The template for notebooks, images and light pages. */
export const lightTemplate = template({ paper: "#FFFFFF", text: "#24292F", quiet: "#57606A", grid: "#E7EAEE" });

export const darkTemplate = template({ paper: "#161B22", text: "#E6EDF3", quiet: "#9DA7B3", grid: "#2D333B" });

function template({ paper, text, quiet, grid }: Record<"paper" | "text" | "quiet" | "grid", string>): Template {
  const axis = {
    automargin: true,
    gridcolor: grid,
    linecolor: grid,
    zeroline: false,
    showline: true,
    ticks: "outside",
    tickcolor: grid,
    tickfont: { size: 12, color: quiet },
    title: { font: { size: 13, color: quiet }, standoff: 8 },
  } as const;
  return {
    layout: {
      paper_bgcolor: paper,
      plot_bgcolor: paper,
      font: { family: "Inter, 'Segoe UI', 'Helvetica Neue', Helvetica, Arial, sans-serif", size: 13, color: text },
      title: { font: { size: 16, color: text }, x: 0.02, xanchor: "left", xref: "container" },
      colorway: [...colours.series],
      margin: { t: 56, r: 24, b: 56, l: 64 },
      xaxis: axis,
      yaxis: axis,
      hoverlabel: { font: { size: 12 } },
      hovermode: "closest",
      legend: { bgcolor: "rgba(0,0,0,0)", font: { size: 12, color: text } },
    },
    data: {
      scatter: [{ type: "scatter", line: { width: 2 }, marker: { size: 6 } }],
      bar: [{ type: "bar", marker: { line: { width: 0 } } }],
      heatmap: [{ type: "heatmap", colorscale: sequentialScale }],
      table: [
        {
          type: "table",
          header: { fill: { color: grid }, font: { color: text } },
          cells: { fill: { color: paper }, font: { color: text } },
        } as object,
      ],
    },
  };
}

/** A legend in a row below the plot. @param distance from the axis as a share of the plot's height; leaves room for the axis title */
export function legendBelow(distance = 0.22): Partial<Legend> {
  return { orientation: "h", x: 0, y: -distance, yanchor: "top" };
}
