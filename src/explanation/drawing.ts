/**
 * @module Draws heat maps on any canvas, of the web page and of pictures. Imports nothing: the build makes a second copy for browsers,
 * which the server delivers with the page's scripts.
 */

/** RGB, 0 to 255. */
type Colour = readonly [number, number, number];

export interface HeatMapColours {
  readonly negative: Colour;
  readonly positive: Colour;
}

/**
 * Both are visible on pink and purple tissue, also for people with red-green colour blindness. Parts without a contribution are
 * transparent.
 */
export const HEAT_MAP_COLOURS: HeatMapColours = { negative: [0, 110, 140], positive: [255, 150, 0] };

/** The used part of a canvas context. */
interface DrawingContext {
  /** Only strings are assigned; the other types differ between canvases. */
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  font: string;
  textAlign: string;
  globalCompositeOperation: string;
  fillRect(x: number, y: number, width: number, height: number): void;
  strokeRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number, width?: number): void;
  measureText(text: string): { readonly width: number };
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  stroke(): void;
}

/** Parts per row, and the contribution of each part to the logit, row-major. */
interface DrawnMap {
  readonly grid: number;
  readonly contributions: readonly number[];
}

/** Settings that comparable pictures must share. */
interface DrawingScale {
  /** End of the colours, in logits. */
  readonly scale: number;
  /** Opacity of the colours, 0 to 1. */
  readonly opacity: number;
  readonly colours: HeatMapColours;
}

/** Share of the parts, those with the largest contributions, to outline. */
const OUTLINED = 0.1;

/** @param share of the scale, -1 to 1 */
function colourOf(share: number, { colours, opacity }: DrawingScale): string {
  const colour = share < 0 ? colours.negative : colours.positive;
  return `rgba(${colour.join(", ")}, ${Math.min(1, Math.abs(share)) ** 0.7 * opacity})`;
}

/**
 * Draws a heat map over a tile at the origin: makes the tissue grey, so that colours are not mistaken for stains, colours the parts, and
 * outlines the strongest.
 * @param options.edge of the tile @param options.zoom of the context; lines stay thin
 */
export function drawHeatMap(
  context: DrawingContext,
  { grid, contributions }: DrawnMap,
  options: DrawingScale & { readonly edge: number; readonly outlines?: boolean; readonly zoom?: number },
): void {
  const { edge, scale, opacity, outlines = true, zoom = 1 } = options;
  context.globalCompositeOperation = "saturation";
  context.fillStyle = `rgba(128, 128, 128, ${Math.min(1, 1.5 * opacity)})`;
  context.fillRect(0, 0, edge, edge);
  context.globalCompositeOperation = "source-over";
  const at = (index: number) => Math.round((index * edge) / grid);
  contributions.forEach((value, i) => {
    const [row, column] = [Math.floor(i / grid), i % grid];
    context.fillStyle = colourOf(value / scale, options);
    context.fillRect(at(column), at(row), at(column + 1) - at(column), at(row + 1) - at(row));
  });
  if (!outlines) return;
  outline(context, { grid, contributions }, at);
  // White around black is visible on dark nuclei too.
  for (const [style, width] of [
    ["rgba(255, 255, 255, 0.8)", 5.6],
    ["#000000", 2.8],
  ] as const) {
    context.strokeStyle = style;
    context.lineWidth = (width * edge) / 512 / Math.sqrt(zoom);
    context.stroke();
  }
}

/** The smallest absolute contribution of the strongest parts. */
export function leastOutlined(contributions: readonly number[]): number {
  const count = Math.max(1, Math.round(OUTLINED * contributions.length));
  const weights = contributions.map(Math.abs).sort((a, b) => b - a);
  return Math.max(weights[count - 1] ?? 0, Number.MIN_VALUE);
}

/** Adds the borders between the strongest parts and the others to the context's path. */
function outline(context: DrawingContext, { grid, contributions }: DrawnMap, at: (index: number) => number): void {
  const least = leastOutlined(contributions);
  const isStrong = (row: number, column: number) =>
    Math.min(row, column) >= 0 && column < grid && Math.abs(contributions[row * grid + column] ?? 0) >= least;
  const line = (...[x, y, toX, toY]: readonly [number, number, number, number]) => {
    context.moveTo(at(x), at(y));
    context.lineTo(at(toX), at(toY));
  };
  context.beginPath();
  for (let row = 0; row <= grid; row++) {
    for (let column = 0; column <= grid; column++) {
      const here = isStrong(row, column);
      if (here !== isStrong(row - 1, column)) line(column, row, column + 1, row);
      if (here !== isStrong(row, column - 1)) line(column, row, column, row + 1);
    }
  }
}

/** Pixels that two numbers below the scale need between them. */
const GAP = 14;

/** Draws the scale: colours on white, three numbers in logits, five where there is room, and the classes at the ends. */
export function drawScale(
  context: DrawingContext,
  options: DrawingScale & {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly classes: readonly string[];
    readonly ink: string;
    readonly font: string;
  },
): void {
  const { x, y, width, scale, classes, ink, font } = options;
  const height = 14;
  context.fillStyle = "#ffffff";
  context.fillRect(x, y, width, height);
  for (let i = 0; i < width; i++) {
    context.fillStyle = colourOf((2 * i) / (width - 1) - 1, options);
    context.fillRect(x + i, y, 1, height);
  }
  context.strokeStyle = ink;
  context.lineWidth = 1;
  context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
  context.fillStyle = ink;
  context.font = `13px ${font}`;
  const write = (text: string, share: number, below: number) => {
    context.textAlign = share === 0 ? "left" : share === 1 ? "right" : "center";
    context.fillText(text, x + share * width, y + height + below, 0.4 * width);
  };
  const numbers = [0, 0.25, 0.5, 0.75, 1].map((share) => ({ share, text: logitsText((2 * share - 1) * scale, scale) }));
  const hasRoom = numbers.reduce((sum, { text }) => sum + context.measureText(text).width + GAP, 0) <= width;
  for (const { share, text } of numbers) if (hasRoom || share % 0.5 === 0) write(text, share, 15);
  write(`speaks for ${classes[0]}`, 0, 33);
  write("logits", 0.5, 33);
  write(`speaks for ${classes[1]}`, 1, 33);
  context.textAlign = "left";
}

/** A number of logits with its sign. @param scale determines the number of digits */
export function logitsText(value: number, scale: number): string {
  const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(scale))));
  return `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(digits)}`;
}

/** Rounds up to 1, 2 or 5 times a power of ten. @param value above 0 */
export function roundedUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * ([1, 2, 5].find((step) => step * unit >= value * (1 - 1e-9)) ?? 10);
}
