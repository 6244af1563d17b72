/** @module A tile on a canvas, at any zoom, with a heat map over it. */
import { drawHeatMap } from "./heat-map-drawing.js";

/** @typedef {{positive: number[], negative: number[]}} Colours of the server, RGB */
/** @typedef {{grid: number, contributions: number[]}} HeatMap */
/** @typedef {{zoom: number, x: number, y: number}} Viewport `x`, `y`: the middle of what is seen, 0 to 1 */

/**
 * Draws the tile, the parts' colours and black outlines of the strongest.
 * @param {HTMLCanvasElement} canvas square
 * @param {{tile?: CanvasImageSource, resize?: string, map?: HeatMap, scale: number, opacity: number, outlines: boolean,
 * colours: Colours, viewport?: Viewport}} options without `map` the tile alone
 */
export function drawTile(canvas, { tile, resize, map, scale, opacity, outlines, colours, viewport }) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const edge = canvas.width;
  const { zoom, x, y } = viewport ?? { zoom: 1, x: 0.5, y: 0.5 };
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, edge, edge);
  context.setTransform(zoom, 0, 0, zoom, edge * (0.5 - zoom * x), edge * (0.5 - zoom * y));
  if (tile) drawSquare(context, tile, edge, resize);
  if (map) drawHeatMap(context, map, { edge, scale, opacity, outlines, colours, zoom });
}

/**
 * The part of a picture that the model saw: the middle square, all of it in a white square, or all of it made square.
 * @param {CanvasRenderingContext2D} context @param {any} tile @param {number} edge @param {string} [resize] of the model's input
 */
function drawSquare(context, tile, edge, resize) {
  const [width, height] = [tile.naturalWidth ?? tile.width, tile.naturalHeight ?? tile.height];
  const side = (resize === "pad" ? Math.max : Math.min)(width, height);
  context.imageSmoothingQuality = "high";
  if (resize === "stretch") context.drawImage(tile, 0, 0, edge, edge);
  else context.drawImage(tile, (width - side) / 2, (height - side) / 2, side, side, 0, 0, edge, edge);
}
