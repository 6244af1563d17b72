/** @module Figures about serving: measured latencies, and costs by traffic. */
import type { Data } from "plotly.js";
import { spreadOver } from "../collections/index";
import { type Figure, figure, logTicks, plain, seriesColour, verticalLine } from "./figure";

/** Box plots of named latencies (seconds) on a logarithmic axis in milliseconds. */
export function latencyFigure(measured: Readonly<Record<string, readonly number[]>>, title: string): Figure {
  const milliseconds = Object.entries(measured).map(
    ([name, seconds]) => [name, seconds.map((value) => 1000 * value)] as const,
  );
  const data = milliseconds.map(([name, y], i) => {
    const box: Partial<Data> = {
      type: "box",
      name: plain(name),
      y,
      boxpoints: "all",
      jitter: 0.4,
      pointpos: 0,
      marker: { color: seriesColour(i), size: 4, opacity: 0.6 },
      showlegend: false,
    };
    return box as Data;
  });
  const ticks = logTicks(milliseconds.flatMap(([, y]) => y));
  return figure(title, data, { yaxis: { type: "log", title: { text: "milliseconds" }, ...ticks } });
}

/** Dollars per month by requests per month, one line per deployment; marks the break-even point. */
export function costFigure(
  curves: Readonly<Record<string, (requests: number) => number>>,
  options: { readonly lowest: number; readonly highest: number; readonly breakEven?: number | undefined },
  title: string,
): Figure {
  const steps = 240;
  const requests = Array.from(
    { length: steps + 1 },
    (_, i) => options.lowest * (options.highest / options.lowest) ** (i / steps),
  );
  const lines = Object.entries(curves).map(([name, cost], i): Data => {
    const line = { color: seriesColour(i), dash: i === 0 ? "solid" : "dash", width: 2 } as const;
    return { type: "scatter", mode: "lines", name: plain(name), x: requests, y: requests.map(cost), line };
  });
  const { breakEven } = options;
  const shapes = breakEven ? [verticalLine(breakEven, { width: 1, dash: "dot" })] : [];
  return figure(title, lines, {
    xaxis: { type: "log", title: { text: "requests a month" } },
    yaxis: { type: "log", title: { text: "US dollars a month" } },
    legend: { x: 0.02, y: 0.98 },
    shapes,
  });
}

/** One value per deployment as points on a logarithmic axis, with a row per traffic pattern. */
export function patternFigure(
  patterns: readonly string[],
  values: Readonly<Record<string, readonly number[]>>,
  axis: string,
  title: string,
): Figure {
  const points = Object.entries(values).map(([name, x], i): Data => {
    const symbol = i === 0 ? "circle" : "diamond";
    const marker = { color: seriesColour(i), size: 11, symbol };
    return { type: "scatter", mode: "markers", name: plain(name), x: [...x], y: patterns.map(plain), marker };
  });
  return figure(title, points, {
    xaxis: { type: "log", title: { text: axis }, ...logTicks(Object.values(values).flat()) },
    yaxis: { autorange: "reversed", automargin: true },
    legend: { orientation: "h", x: 1, xanchor: "right", y: 1.02, yanchor: "bottom" },
  });
}

/** Parts of a layout that the web page sets itself. */
const OF_PRINT = ["width", "height", "template", "title", "margin", "legend"];
/** As many points of a line or a box as can be told apart. */
const MOST_POINTS = 121;

/** A figure for the web page, which has its own size, fonts and legend: what it shows, with as many points as can be told apart. */
export function pageFigure({ data, layout }: Figure, caption: string) {
  const { text: title = "" } = layout.title as { readonly text?: string };
  const own = Object.fromEntries(Object.entries(layout).filter(([part]) => !OF_PRINT.includes(part)));
  return { title, caption, data: data.map(thinned), layout: own };
}

/** Every n-th point of a line, and both ends; of a box, the same of its sorted values, so that its quartiles stay. */
function thinned(trace: Data): Data {
  const { type, x, y } = trace as { readonly type: string; readonly x?: number[]; readonly y: number[] };
  const fewer = <T>(values: readonly T[]) =>
    values.length > MOST_POINTS ? [...spreadOver(values.slice(0, -1), MOST_POINTS - 1), values.at(-1)] : values;
  return { ...trace, ...(x && { x: fewer(x) }), y: fewer(type === "box" ? [...y].sort((a, b) => a - b) : y) } as Data;
}
