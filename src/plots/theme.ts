/**
 * @module The style of all figures. The colours are Paul Tol's "bright" scheme (SRON/EPS/TN/09-002), which suits every kind
 * of colour vision. Figures never distinguish two things by colour alone.
 */
import type { Legend, Template } from "plotly.js";

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
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return `rgba(${red},${green},${blue},${opacity})`;
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

/**
 * A legend in a row below the plot, away from the lines.
 * @param distance distance from the axis as a share of the plot's height; leaves room for the axis title
 */
export function legendBelow(distance = 0.22): Partial<Legend> {
  return { orientation: "h", x: 0, y: -distance, yanchor: "top" };
}
