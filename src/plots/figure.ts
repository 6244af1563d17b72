/** @module The figure that every plot function returns, and the parts that several of them share. */
import type { Data, ErrorOptions, Layout, Shape } from "plotly.js";
import type { Interval } from "../evaluation/index";
import { decimal } from "../format/index";
import { colours, lightTemplate } from "./theme";

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

/**
 * Ticks of a logarithmic axis at 1, 2 and 5 times the powers of ten around positive values, each written in full: plotly
 * writes those between two powers as single digits.
 */
export function logTicks(values: readonly number[]): { tickvals: number[]; ticktext: string[] } {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const powers = Math.ceil(Math.log10(most)) - Math.floor(Math.log10(least));
  const tickvals = Array.from({ length: powers + 1 }, (_, i) => 10 ** (Math.floor(Math.log10(least)) + i)).flatMap(
    (power) => [power, 2 * power, 5 * power],
  );
  return { tickvals, ticktext: tickvals.map((value) => Number(value.toPrecision(1)).toLocaleString("en")) };
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

/** `0.876 (0.856–0.897)`. */
export function withInterval(value: number, interval: Interval | undefined): string {
  if (!interval?.every(Number.isFinite)) return decimal(value);
  return `${decimal(value)} (${decimal(interval[0])}–${decimal(interval[1])})`;
}

/**
 * Indices of the points that shape a line: its ends and corners, at most about 1,500. (A ROC curve of 100,000 rows has
 * as many points, most of them on straight stretches.)
 */
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
