/** @module Contributions of an image's parts, drawn over it. */

const POSITIVE = [238, 102, 119];
const NEGATIVE = [68, 119, 170];

/**
 * Draws a grid of contributions, strongest parts most opaque, softened between the parts.
 * @param {HTMLCanvasElement} canvas
 * @param {{grid: number, contributions: number[]}} explanation
 */
export function drawHeatmap(canvas, { grid, contributions }) {
  const strongest = Math.max(1e-9, ...contributions.map(Math.abs));
  const small = document.createElement("canvas");
  small.width = small.height = grid;
  const pixels = new ImageData(grid, grid);
  contributions.forEach((value, i) => {
    const strength = Math.abs(value) / strongest;
    pixels.data.set([...(value >= 0 ? POSITIVE : NEGATIVE), Math.round(215 * strength ** 0.8)], i * 4);
  });
  small.getContext("2d")?.putImageData(pixels, 0, 0);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}
