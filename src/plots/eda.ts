/** @module Figures of a data set. */
import type { Data } from "plotly.js";
import type { LabelSummary, VoteSummary } from "../dataset/index";
import { counted, percent } from "../format/index";
import { colours, type Figure, figure, plain, rounded } from "./figure";

const CLASS_COLOURS = [colours.negative, colours.positive] as const;

/** Number and share of tiles by class in each partition. */
export function classBalanceFigure({ classNames, classes, partitions }: LabelSummary): Figure {
  const names = (["train", "validation", "test"] as const).filter((name) => (partitions[name] ?? 0) > 0);
  const count = (className: string, name: (typeof names)[number]) => classes[className]?.[name] ?? 0;
  const data = classNames.map((className, index) => ({
    type: "bar" as const,
    name: plain(className),
    x: [...names],
    y: names.map((name) => count(className, name)),
    text: names.map((name) => percent(count(className, name) / (partitions[name] as number), 0)),
    textposition: "inside" as const,
    insidetextanchor: "start" as const,
    textfont: { color: "#FFFFFF" },
    marker: { color: CLASS_COLOURS[index] as string },
    hovertemplate: `${plain(className)}: %{y} tiles<extra></extra>`,
  }));
  return figure("Tiles by partition and class", data, {
    barmode: "group",
    yaxis: { title: { text: "tiles" } },
    xaxis: { type: "category" },
  });
}

/** Number of tiles by votes for the positive class, in the colours of their labels. */
export function voteDistributionFigure({ byClass, voters }: VoteSummary, positive: string): Figure {
  const x = Array.from({ length: voters + 1 }, (_, count) => String(count));
  // By the name, because names that are numbers come first.
  const inOrder = Object.entries(byClass).sort(([a], [b]) => Number(a === positive) - Number(b === positive));
  const data = inOrder.map(([className, counts], index) => ({
    type: "bar" as const,
    name: `labelled ${plain(className)}`,
    x,
    y: [...counts],
    marker: { color: CLASS_COLOURS[index % 2] as string },
    hovertemplate: `%{y} tiles with %{x} votes, labelled ${plain(className)}<extra></extra>`,
  }));
  return figure(`How many of ${counted(voters, "expert")} chose ${plain(positive)}`, data, {
    barmode: "stack",
    xaxis: { title: { text: `votes for ${plain(positive)}` }, type: "category" },
    yaxis: { title: { text: "tiles" } },
  });
}

/** Distributions of the channels of each group, usually a class, from 256 counts each for red, green and blue. */
export function colourDistributionFigure(
  groups: readonly { readonly name: string; readonly counts: ArrayLike<number> }[],
  title = "Colours by class",
): Figure {
  const bins = Array.from({ length: 64 }, (_, bin) => 4 * bin + 1.5);
  const channels = [
    ["red", "#C0392B"],
    ["green", "#2E8B57"],
    ["blue", "#2C5FA8"],
  ] as const;
  const dashes = ["solid", "dash", "dot", "dashdot"] as const;
  const data = groups.flatMap(({ name, counts }, group) =>
    channels.map(([channel, colour], index) => {
      const at = (value: number) => counts[256 * index + value] as number;
      const total = Array.from({ length: 256 }, (_, value) => at(value)).reduce((sum, count) => sum + count, 0);
      const share = bins.map(
        (_, bin) => [0, 1, 2, 3].reduce((sum, value) => sum + at(4 * bin + value), 0) / Math.max(1, total),
      );
      return {
        x: bins,
        y: rounded(share),
        mode: "lines" as const,
        name: `${plain(name)}, ${channel}`,
        line: { color: colour, dash: dashes[group % dashes.length] as "solid", width: 1.8 },
        hovertemplate: `${plain(name)}, ${channel} %{x:.0f}: %{y:.2%}<extra></extra>`,
      };
    }),
  );
  return figure(title, data, {
    xaxis: { title: { text: "value (0 black, 255 full)" }, range: [0, 255] },
    yaxis: { title: { text: "share of pixels" }, tickformat: ".0%", rangemode: "tozero" },
  });
}

/** Points with their classes. */
interface LabelledPoints {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** 0 or 1. */
  readonly labels: ArrayLike<number>;
  /** Shown while the pointer is on a point. */
  readonly names?: readonly string[];
}

/** Tiles as points with the colours and symbols of their classes. */
export function tileScatterFigure(
  points: LabelledPoints,
  classes: readonly [negative: string, positive: string],
  { title, x, y }: { readonly title: string; readonly x: string; readonly y: string },
): Figure {
  const data = classes.map((name, label) => {
    const rows = Array.from({ length: points.x.length }, (_, row) => row).filter((row) => points.labels[row] === label);
    return {
      x: rounded(rows.map((row) => points.x[row] as number)),
      y: rounded(rows.map((row) => points.y[row] as number)),
      text: rows.map((row) => plain(points.names?.[row] ?? "")),
      mode: "markers" as const,
      type: "scatter" as const,
      name: plain(name),
      marker: {
        color: CLASS_COLOURS[label] as string,
        symbol: label === 0 ? "circle" : "diamond",
        size: 5,
        opacity: 0.6,
      },
      hovertemplate: `%{text}<extra>${plain(name)}</extra>`,
    };
  });
  return figure(title, data, { xaxis: { title: { text: x } }, yaxis: { title: { text: y } } });
}

/** One bar per named value, such as the spread of colours after each normalization. */
export function barFigure(
  title: string,
  rows: readonly { readonly name: string; readonly value: number }[],
  axis: string,
): Figure {
  const bars: Data = {
    type: "bar",
    x: rows.map(({ name }) => plain(name)),
    y: rounded(rows.map(({ value }) => value)),
    marker: { color: colours.negative },
    width: 0.6,
    hovertemplate: "%{x}: %{y:.3f}<extra></extra>",
  };
  return figure(title, [bars], { xaxis: { type: "category" }, yaxis: { title: { text: axis }, rangemode: "tozero" } });
}
