/** @module Draws a network as boxes from input to output. */
import type { Data, Layout } from "plotly.js";
import { counted } from "../format/index";
import { colours, type Figure, figure, plain } from "./figure";

/** One drawn layer. */
export interface LayerBox {
  readonly name: string;
  /** Such as `Dense`. */
  readonly kind: string;
  /** Such as `2352` or `56 x 56 x 32`. */
  readonly output: string;
  /** Number of output values, which sets the height of the box; 0 if unknown. */
  readonly size: number;
  readonly parameters: number;
}

const MOST_BOXES = 14;
/** Pixels that a box and its text need side by side. */
const BOX_WIDTH = 118;
const MOST_WIDTH = 1100;

/** Draws the layers. Height shows the logarithm of the output size, colour the share of the parameters. */
export function architectureFigure(layers: readonly LayerBox[]): Figure {
  const total = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  const boxes = shownBoxes(layers);
  const largest = Math.max(2, ...boxes.map((box) => box?.size ?? 0));
  // Texts of many boxes would overlap in one row.
  const isStaggered = 60 + BOX_WIDTH * boxes.length > MOST_WIDTH;
  const shapes: Partial<NonNullable<Layout["shapes"]>[number]>[] = [];
  const annotations: NonNullable<Layout["annotations"]> = [];
  boxes.forEach((box, x) => {
    if (x > 0) shapes.push(arrow(x));
    if (!box) {
      annotations.push({ x, y: 0, text: "…", showarrow: false, font: { size: 22 } });
      return;
    }
    const height = 0.12 + (0.88 * Math.log(1 + box.size)) / Math.log(1 + largest);
    const share = total > 0 ? box.parameters / total : 0;
    shapes.push({
      type: "rect",
      x0: x - 0.3,
      x1: x + 0.3,
      y0: -height / 2,
      y1: height / 2,
      fillcolor: colours.negative,
      opacity: 0.2 + 0.7 * share,
      line: { width: 1, color: colours.negative },
    });
    const parameters = box.parameters > 0 ? `<br>${countText(box.parameters)} weights` : "";
    annotations.push({
      x,
      y: isStaggered && x % 2 === 1 ? -0.85 : -0.55,
      yanchor: "top",
      text: `<b>${plain(box.output)}</b><br>${plain(box.kind)}${parameters}`,
      showarrow: false,
      font: { size: 11 },
    });
  });
  const hover: Data = {
    x: boxes.map((_, x) => x),
    y: boxes.map(() => 0),
    mode: "markers",
    marker: { opacity: 0, size: 30 },
    text: boxes.map((box) => (box ? `${plain(box.name)}: ${counted(box.parameters, "weight")}` : "")),
    hovertemplate: "%{text}<extra></extra>",
  };
  const hidden = { visible: false, fixedrange: true } as const;
  return figure(`Architecture: ${countText(total)} weights`, [hover], {
    width: Math.max(420, Math.min(MOST_WIDTH, 60 + BOX_WIDTH * boxes.length)),
    height: isStaggered ? 370 : 320,
    shapes,
    annotations,
    showlegend: false,
    margin: { t: 56, r: 10, b: 10, l: 10 },
    xaxis: { ...hidden, range: [-0.6, boxes.length - 0.4] },
    yaxis: { ...hidden, range: [isStaggered ? -1.2 : -0.95, 0.6] },
  });
}

/** All layers, or the first and last ones with a gap (undefined) between them. */
function shownBoxes(layers: readonly LayerBox[]): (LayerBox | undefined)[] {
  if (layers.length <= MOST_BOXES) return [...layers];
  const weighty = layers.filter(({ parameters }, i) => i === 0 || parameters > 0);
  if (weighty.length <= MOST_BOXES) return weighty;
  const half = Math.floor(MOST_BOXES / 2);
  return [...weighty.slice(0, half), undefined, ...weighty.slice(-(MOST_BOXES - half - 1))];
}

/** An arrow into box `x` as a path (plotly's own arrows need a browser to measure paths). */
function arrow(x: number): Partial<NonNullable<Layout["shapes"]>[number]> {
  const [from, to, head] = [x - 0.66, x - 0.34, 0.025];
  const path = `M${from},0 L${to},0 M${to - 0.08},${head} L${to},0 L${to - 0.08},${-head}`;
  return { type: "path", path, line: { color: colours.reference, width: 1.5 } };
}

/** `360.3 M`, `2,353`. */
export function countText(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)} G`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`;
  return count.toLocaleString("en");
}
