/** @module Parts that several figures share: error bars, vertical lines, dotted references. */
import type { Data, ErrorOptions, Shape } from "plotly.js";
import type { Interval } from "../evaluation/index";
import { rounded } from "./numbers";
import { colours } from "./theme";

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
