/** @module Draws a network layer by layer, from input to output. */
import type { Data } from "plotly.js";
import { counted } from "../format/index";
import { colours, type Figure, figure, plain, translucent } from "./figure";

/** One drawn layer. */
export interface DrawnLayer {
  readonly name: string;
  /** Such as `Dense`. */
  readonly kind: string;
  /** Such as `2352` or `56 x 56 x 32`. */
  readonly output: string;
  /** Number of output values, which sets the length of its bar; 0 if unknown. */
  readonly size: number;
  readonly parameters: number;
}

const MOST_ROWS = 20;
/** Pixels of a row with two lines of text. */
const ROW_HEIGHT = 36;

/** Draws the layers from top to bottom. Length shows the logarithm of the output size, colour the share of the parameters. */
export function architectureFigure(layers: readonly DrawnLayer[]): Figure {
  const total = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  const rows = shownRows(layers);
  const bars: Data = {
    type: "bar",
    orientation: "h",
    x: rows.map((layer) => (layer ? Math.log(1 + layer.size) : 0)),
    y: rows.map((_, i) => i),
    marker: {
      color: rows.map((layer) =>
        translucent(colours.negative, 0.2 + (total > 0 && layer ? (0.7 * layer.parameters) / total : 0)),
      ),
      line: { width: 1, color: colours.negative },
    },
    text: rows.map((layer) => (layer ? `${plain(layer.name)}: ${counted(layer.parameters, "weight")}` : "")),
    textposition: "none",
    hovertemplate: "%{text}<extra></extra>",
  };
  return figure(`Architecture: ${countText(total)} weights`, [bars], {
    width: 560,
    height: 76 + ROW_HEIGHT * rows.length,
    showlegend: false,
    margin: { t: 56, r: 20, b: 20, l: 20 },
    xaxis: { visible: false, fixedrange: true, rangemode: "tozero" },
    yaxis: {
      tickvals: rows.map((_, i) => i),
      ticktext: rows.map(rowText),
      range: [rows.length - 0.5, -0.5],
      fixedrange: true,
      automargin: true,
      showgrid: false,
      zeroline: false,
    },
  });
}

/** Two lines, such as `2352 Dense` and `354.0 M weights`; dots for a gap. */
function rowText(layer: DrawnLayer | undefined): string {
  if (!layer) return "…";
  const weights = layer.parameters > 0 ? `<br>${countText(layer.parameters)} weights` : "";
  return `<b>${plain(layer.output)}</b> ${plain(layer.kind)}${weights}`;
}

/** All layers, or the first and last ones with a gap (undefined) between them. */
function shownRows(layers: readonly DrawnLayer[]): (DrawnLayer | undefined)[] {
  if (layers.length <= MOST_ROWS) return [...layers];
  const weighty = layers.filter(({ parameters }, i) => i === 0 || parameters > 0);
  if (weighty.length <= MOST_ROWS) return weighty;
  const half = Math.floor(MOST_ROWS / 2);
  return [...weighty.slice(0, half), undefined, ...weighty.slice(-(MOST_ROWS - half - 1))];
}

/** `360.3 M`, `2,353`. */
export function countText(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} G`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`;
  return count.toLocaleString("en");
}
