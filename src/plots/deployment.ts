/** @module Figures about serving: measured latencies, and costs by traffic. */
import type { Data } from "plotly.js";
import { type Figure, figure, logTicks, verticalLine } from "./figure";
import { colours } from "./theme";

/** Box plots of named latencies (seconds) on a logarithmic axis in milliseconds. */
export function latencyFigure(measured: Readonly<Record<string, readonly number[]>>, title: string): Figure {
  const milliseconds = Object.entries(measured).map(
    ([name, seconds]) => [name, seconds.map((value) => 1000 * value)] as const,
  );
  const data = milliseconds.map(([name, y], i) => {
    const box: Partial<Data> = {
      type: "box",
      name,
      y,
      boxpoints: "all",
      jitter: 0.4,
      pointpos: 0,
      marker: { color: colours.series[i % colours.series.length] as string, size: 4, opacity: 0.6 },
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
    const color = colours.series[i % colours.series.length] as string;
    const dash = i === 0 ? "solid" : "dash";
    return {
      type: "scatter",
      mode: "lines",
      name,
      x: requests,
      y: requests.map(cost),
      line: { color, dash, width: 2 },
    };
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
    const marker = { color: colours.series[i % colours.series.length] as string, size: 11, symbol };
    return { type: "scatter", mode: "markers", name, x: [...x], y: [...patterns], marker };
  });
  return figure(title, points, {
    xaxis: { type: "log", title: { text: axis }, ...logTicks(Object.values(values).flat()) },
    yaxis: { autorange: "reversed", automargin: true },
    legend: { orientation: "h", x: 1, xanchor: "right", y: 1.02, yanchor: "bottom" },
  });
}
