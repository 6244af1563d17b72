/** @module A tile with a heat map over it, on a canvas: colours, outlines, and the scale in numbers. */

/** @typedef {{positive: number[], negative: number[]}} Colours of the server, RGB */
/** @typedef {{grid: number, contributions: number[]}} HeatMap */
/** @typedef {{zoom: number, x: number, y: number}} Viewport `x`, `y`: the middle of what is seen, 0 to 1 */

/** The share of the parts that is outlined: those that weigh most. */
const OUTLINED = 0.1;

/** How much of the colour a part gets, 0 to 1, by its share of the scale. @param {number} share */
function strength(share) {
  return Math.min(1, Math.abs(share)) ** 0.7;
}

/** @param {number} share of the scale, -1 to 1 @param {Colours} colours @param {number} [opacity] */
export function colourOf(share, colours, opacity = 1) {
  const [r, g, b] = share < 0 ? colours.negative : colours.positive;
  return `rgb(${r} ${g} ${b} / ${strength(share) * opacity})`;
}

/**
 * Draws the tile, the parts' colours and black outlines of the strongest.
 * @param {HTMLCanvasElement} canvas square
 * @param {{tile?: CanvasImageSource, stretch?: boolean, map?: HeatMap, scale: number, opacity: number, outlines: boolean,
 * colours: Colours, viewport?: Viewport}} options without `map` the tile alone
 */
export function drawTile(canvas, { tile, stretch, map, scale, opacity, outlines, colours, viewport }) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const edge = canvas.width;
  const { zoom, x, y } = viewport ?? { zoom: 1, x: 0.5, y: 0.5 };
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, edge, edge);
  context.setTransform(zoom, 0, 0, zoom, edge * (0.5 - zoom * x), edge * (0.5 - zoom * y));
  if (tile) drawSquare(context, tile, edge, stretch ?? false);
  if (!map) return;
  // On grey tissue no colour is taken for a stain's.
  context.globalCompositeOperation = "saturation";
  context.fillStyle = `rgb(128 128 128 / ${Math.min(1, 1.5 * opacity)})`;
  context.fillRect(0, 0, edge, edge);
  context.globalCompositeOperation = "source-over";
  const { grid, contributions } = map;
  const at = (/** @type {number} */ index) => Math.round((index * edge) / grid);
  contributions.forEach((value, i) => {
    const [row, column] = [Math.floor(i / grid), i % grid];
    context.fillStyle = colourOf(value / scale, colours, opacity);
    context.fillRect(at(column), at(row), at(column + 1) - at(column), at(row + 1) - at(row));
  });
  if (!outlines) return;
  const path = outlineOf(map, at);
  // White around the black, so that it is seen on dark nuclei too.
  for (const [style, width] of /** @type {[string, number][]} */ ([
    ["rgb(255 255 255 / 80%)", 5],
    ["#000000", 2.5],
  ])) {
    context.strokeStyle = style;
    context.lineWidth = (width * edge) / 512 / Math.sqrt(zoom);
    context.stroke(path);
  }
}

/** The middle square of a picture, or all of it made square. @param {CanvasRenderingContext2D} context @param {any} tile @param {number} edge @param {boolean} stretch */
function drawSquare(context, tile, edge, stretch) {
  const [width, height] = [tile.naturalWidth ?? tile.width, tile.naturalHeight ?? tile.height];
  const side = Math.min(width, height);
  context.imageSmoothingQuality = "high";
  if (stretch) context.drawImage(tile, 0, 0, edge, edge);
  else context.drawImage(tile, (width - side) / 2, (height - side) / 2, side, side, 0, 0, edge, edge);
}

/** The borders between the strongest parts and the others. @param {HeatMap} map @param {(index: number) => number} at */
function outlineOf({ grid, contributions }, at) {
  const count = Math.max(1, Math.round(OUTLINED * contributions.length));
  const weights = contributions.map(Math.abs).sort((a, b) => b - a);
  const least = Math.max(weights[count - 1] ?? 0, Number.MIN_VALUE);
  const isStrong = (/** @type {number} */ row, /** @type {number} */ column) =>
    row >= 0 &&
    column >= 0 &&
    row < grid &&
    column < grid &&
    Math.abs(contributions[row * grid + column] ?? 0) >= least;
  const path = new Path2D();
  for (let row = 0; row <= grid; row++) {
    for (let column = 0; column <= grid; column++) {
      const here = isStrong(row, column);
      if (here !== isStrong(row - 1, column)) {
        path.moveTo(at(column), at(row));
        path.lineTo(at(column + 1), at(row));
      }
      if (here !== isStrong(row, column - 1)) {
        path.moveTo(at(column), at(row));
        path.lineTo(at(column), at(row + 1));
      }
    }
  }
  return path;
}

/** A number of logits with its sign. @param {number} value @param {number} scale tells how many digits matter */
export function logits(value, scale) {
  const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(scale))));
  return `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(digits)}`;
}

/** The next of 1, 2, 5, 10 … that is not smaller. @param {number} value above 0 */
export function roundedUp(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * ([1, 2, 5, 10].find((step) => step * unit >= value * (1 - 1e-9)) ?? 10);
}

/**
 * Draws the scale: colours over white, five numbers, and what the ends mean.
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, width: number, scale: number, opacity: number, colours: Colours, classes: string[], ink: string}} options
 */
export function drawScale(context, { x, y, width, scale, opacity, colours, classes, ink }) {
  const height = 14;
  context.fillStyle = "#ffffff";
  context.fillRect(x, y, width, height);
  for (let i = 0; i < width; i++) {
    context.fillStyle = colourOf((2 * i) / (width - 1) - 1, colours, opacity);
    context.fillRect(x + i, y, 1, height);
  }
  context.strokeStyle = ink;
  context.lineWidth = 1;
  context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
  context.fillStyle = ink;
  context.font = "13px system-ui, sans-serif";
  for (const part of [-1, -0.5, 0, 0.5, 1]) {
    context.textAlign = part === -1 ? "left" : part === 1 ? "right" : "center";
    context.fillText(logits(part * scale, scale), x + ((part + 1) / 2) * width, y + height + 15);
  }
  context.textAlign = "left";
  context.fillText(`speaks for ${classes[0]}`, x, y + height + 33);
  context.textAlign = "right";
  context.fillText(`speaks for ${classes[1]}`, x + width, y + height + 33);
  context.textAlign = "center";
  context.fillText("logits", x + width / 2, y + height + 33);
}
