/** @module Parallel coordinates of a search: one line per trial across one axis per setting. */
import type { Data, Layout } from "plotly.js";
import { counted } from "../format/index";
import { channelsOf, type Figure, figure, plain, sequentialScale } from "./figure";

/** Settings of a trial and its result. */
export type Trial = Readonly<Record<string, string | number | undefined>>;

interface ParallelOptions {
  /** The result, which colours the lines and is the last axis. */
  readonly objective: string;
  /** Whether a higher result is better. Default: true. */
  readonly maximize?: boolean;
  /** Settings with a logarithmic axis, such as learning rates. */
  readonly logarithmic?: readonly string[];
}

interface Axis {
  readonly name: string;
  readonly ticks: readonly { at: number; text: string }[];
  /** Height from 0 to 1; undefined for a missing value. */
  place(value: string | number | undefined): number | undefined;
}

/** Trials as plain lines. (Plotly's own parallel coordinates need a graphics card and are missing in images.) */
export function parallelCoordinates(trials: readonly Trial[], options: ParallelOptions): Figure {
  const { objective, maximize = true } = options;
  const names = [...varyingSettings(trials, objective), objective];
  const axes = names.map((name) => axisOf(name, trials, options.logarithmic?.includes(name) ?? false));
  const last = axes.at(-1) as Axis;
  const merit = (trial: Trial) => {
    const place = last.place(trial[objective]) ?? 0;
    return maximize ? place : 1 - place;
  };
  const ordered = trials.filter((trial) => last.place(trial[objective]) !== undefined);
  const lines = [...ordered]
    .sort((a, b) => merit(a) - merit(b))
    .map((trial): Data => {
      const quality = merit(trial);
      return {
        x: axes.map((_, i) => i),
        y: axes.map((axis) => axis.place(trial[axis.name]) ?? null),
        mode: "lines",
        line: { color: colourAt(0.25 + 0.75 * quality), width: quality > 0.999 ? 4 : 1.6 },
        opacity: 0.35 + 0.6 * quality,
        showlegend: false,
        text: axes.map((axis) => plain(`${axis.name}: ${trial[axis.name] ?? "–"}`)),
        hovertemplate: "%{text}<extra></extra>",
      };
    });
  const annotations = axes.flatMap(
    ({ ticks }, x): NonNullable<Layout["annotations"]> =>
      ticks.map(({ at, text }) => ({
        x,
        y: at,
        text: plain(text),
        showarrow: false,
        xanchor: "right",
        xshift: -6,
        font: { size: 11 },
      })),
  );
  return figure(`${plain(objective)} of ${counted(ordered.length, "trial")}`, lines, {
    width: Math.max(560, 150 * axes.length),
    annotations,
    shapes: axes.map((_, x) => ({ type: "line", x0: x, x1: x, y0: 0, y1: 1, line: { width: 1, color: "#8A8F98" } })),
    xaxis: {
      tickvals: axes.map((_, i) => i),
      ticktext: names.map(plain),
      side: "top",
      showgrid: false,
      showline: false,
      ticks: "",
      range: [-0.7, axes.length - 0.6],
    },
    yaxis: { visible: false, range: [-0.05, 1.05] },
    margin: { t: 90, r: 30, b: 20, l: 30 },
  });
}

function varyingSettings(trials: readonly Trial[], objective: string): string[] {
  const names = [...new Set(trials.flatMap((trial) => Object.keys(trial)))];
  return names.filter((name) => name !== objective && new Set(trials.map((trial) => trial[name])).size > 1);
}

function axisOf(name: string, trials: readonly Trial[], logarithmic: boolean): Axis {
  const values = trials.map((trial) => trial[name]).filter((value) => value !== undefined);
  const numbers = values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  if (numbers.length === values.length && numbers.length > 0) return numberAxis(name, numbers, logarithmic);
  const words = [...new Set(values.map(String))].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const at = (word: string) => (words.length > 1 ? words.indexOf(word) / (words.length - 1) : 0.5);
  return {
    name,
    ticks: words.map((word) => ({ at: at(word), text: word })),
    place: (value) => (value === undefined ? undefined : at(String(value))),
  };
}

function numberAxis(name: string, numbers: readonly number[], logarithmic: boolean): Axis {
  const scale = logarithmic ? Math.log10 : (value: number) => value;
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const [from, to] = [scale(low), scale(high)];
  const place = (value: number) => (to > from ? (scale(value) - from) / (to - from) : 0.5);
  const distinct = [...new Set(numbers)].sort((a, b) => a - b);
  const few = distinct.length <= 6;
  const marks = few ? distinct : [0, 0.25, 0.5, 0.75, 1].map((share) => valueAt(share, from, to, logarithmic));
  return {
    name,
    ticks: marks.map((value) => ({ at: place(value), text: tickText(value) })),
    place: (value) => (typeof value === "number" && Number.isFinite(value) ? place(value) : undefined),
  };
}

function valueAt(share: number, from: number, to: number, logarithmic: boolean): number {
  const value = from + share * (to - from);
  return logarithmic ? 10 ** value : value;
}

function tickText(value: number): string {
  const size = Math.abs(value);
  if (size > 0 && (size < 0.01 || size >= 1e6)) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** A colour of the sequential scale at a share from 0 to 1. */
function colourAt(share: number): string {
  const upper = Math.max(
    1,
    sequentialScale.findIndex(([at]) => at >= share),
  );
  const [[from, a], [to, b]] = [sequentialScale[upper - 1], sequentialScale[upper]] as [
    [number, string],
    [number, string],
  ];
  const mix = (share - from) / (to - from);
  const upperChannels = channelsOf(b);
  return `rgb(${channelsOf(a).map((x, i) => Math.round(x + mix * ((upperChannels[i] as number) - x)))})`;
}
