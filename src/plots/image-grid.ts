/** @module Tiles side by side with captions, as a plotly figure. */
import type { Layout } from "plotly.js";
import { type Figure, figure } from "./figure";

/** One image of a grid. */
export interface GridTile {
  /** `data:` URI of a PNG or JPEG; tiles are drawn as squares. */
  readonly source: string;
  /** One or two short lines (`<br>` between them). */
  readonly caption: string;
  /** Colour of a frame around the tile. */
  readonly frame?: string;
}

/** Images in rows of `columns`, each with its caption below. */
export function imageGridFigure(title: string, tiles: readonly GridTile[], columns = 6, tileSize = 128): Figure {
  const across = Math.max(1, Math.min(columns, tiles.length));
  const down = Math.ceil(tiles.length / across);
  const captionShare = 0.36;
  const place = (i: number) => ({ x: i % across, y: -Math.floor(i / across) * (1 + captionShare) });
  const images: NonNullable<Layout["images"]> = tiles.map(({ source }, i) => {
    const at = { xref: "x", yref: "y", xanchor: "left", yanchor: "top", sizex: 0.94, sizey: 0.94 } as const;
    return { ...place(i), ...at, source, sizing: "contain", layer: "above" };
  });
  const annotations: NonNullable<Layout["annotations"]> = tiles.map(({ caption }, i) => {
    const { x, y } = place(i);
    return { x: x + 0.47, y: y - 0.96, text: caption, showarrow: false, yanchor: "top", font: { size: 11 } };
  });
  const shapes: NonNullable<Layout["shapes"]> = tiles.flatMap(({ frame }, i) => {
    const { x, y } = place(i);
    const line = { color: frame ?? "", width: 3 };
    return frame
      ? [{ type: "rect" as const, x0: x, x1: x + 0.94, y0: y, y1: y - 0.94, line, layer: "above" as const }]
      : [];
  });
  const hidden = { visible: false, fixedrange: true } as const;
  const height = down * (1 + captionShare);
  return figure(title, [{ x: [0], y: [0], mode: "markers", marker: { opacity: 0 }, hoverinfo: "skip" }], {
    width: 20 + tileSize * across,
    height: Math.round(60 + tileSize * height),
    images,
    annotations,
    shapes,
    showlegend: false,
    margin: { t: 50, r: 10, b: 10, l: 10 },
    xaxis: { ...hidden, range: [-0.03, across] },
    yaxis: { ...hidden, range: [-height + 0.02, 0.03] },
  });
}
