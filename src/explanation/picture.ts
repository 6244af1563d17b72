/** @module The picture of an explanation: the tile, each heat map over it, and the scale in logits. */
import type { Canvas } from "@napi-rs/canvas";
import { createCanvas, imageCanvas, TEXT_FONT } from "../canvas/index";
import type { Explanation, HeatMap } from "./explain";
import { strongestOf } from "./explain";
import { HEAT_MAP_COLOURS } from "./palette";

export interface PictureOptions {
  /** End of the scale, in logits: the same for pictures that are to be compared. */
  readonly scale: number;
  /** `[negative, positive]`. */
  readonly classes: readonly [string, string];
  /** Edge of each panel in pixels. Default 320. */
  readonly edge?: number;
  /** How much the colours cover, 0 to 1. Default 0.7. */
  readonly opacity?: number;
}

type Context = ReturnType<Canvas["getContext"]>;

const NAMES: Readonly<Record<HeatMap["method"], string>> = {
  occlusion: "Occlusion: what the logit loses",
  "class-activation": "Class activation: what each place adds",
};
/** The share of the parts that is outlined: those that weigh most. */
const OUTLINED = 0.1;
const MARGIN = 12;
const CAPTION = 26;
const INK = "#25202b";

/** A PNG with the tile and every heat map beside it. */
export async function explanationPicture(
  { pixels, size, maps }: Explanation,
  { scale, classes, edge = 320, opacity = 0.7 }: PictureOptions,
): Promise<Buffer> {
  const panels = 1 + maps.length;
  const width = panels * (edge + MARGIN) + MARGIN;
  const canvas = await createCanvas(width, edge + 2 * MARGIN + CAPTION + 50);
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  const tile = await imageCanvas(pixels, size, size);
  for (let panel = 0; panel < panels; panel++) {
    const map = maps[panel - 1];
    const x = MARGIN + panel * (edge + MARGIN);
    context.save();
    context.translate(x, MARGIN);
    context.drawImage(tile, 0, 0, edge, edge);
    if (map) drawMap(context, map, edge, scale, opacity);
    context.restore();
    const told = map ? `${NAMES[map.method]}; strongest ${strongestOf([map]).toPrecision(2)}` : "The tile";
    write(context, told, x, MARGIN + edge + 18, edge);
  }
  drawScale(context, MARGIN, MARGIN + edge + CAPTION, { scale, classes, opacity, width: edge });
  return canvas.toBuffer("image/png");
}

/** Colours over grey tissue, so that none is taken for a stain's, and black lines around the strongest parts. */
function drawMap(context: Context, { grid, contributions }: HeatMap, edge: number, scale: number, opacity: number) {
  context.globalCompositeOperation = "saturation";
  context.fillStyle = "#808080";
  context.fillRect(0, 0, edge, edge);
  context.globalCompositeOperation = "source-over";
  const at = (index: number) => Math.round((index * edge) / grid);
  for (const [i, value] of contributions.entries()) {
    const [row, column] = [Math.floor(i / grid), i % grid];
    context.fillStyle = colourOf(value / scale, opacity);
    context.fillRect(at(column), at(row), at(column + 1) - at(column), at(row + 1) - at(row));
  }
  const count = Math.max(1, Math.round(OUTLINED * contributions.length));
  const least = Math.max(contributions.map(Math.abs).sort((a, b) => b - a)[count - 1] ?? 0, Number.MIN_VALUE);
  const isStrong = (row: number, column: number) =>
    Math.min(row, column) >= 0 && column < grid && Math.abs(contributions[row * grid + column] ?? 0) >= least;
  context.beginPath();
  for (let row = 0; row <= grid; row++) {
    for (let column = 0; column <= grid; column++) {
      const from = [at(column), at(row)] as const;
      if (isStrong(row, column) !== isStrong(row - 1, column)) line(context, from, [at(column + 1), at(row)]);
      if (isStrong(row, column) !== isStrong(row, column - 1)) line(context, from, [at(column), at(row + 1)]);
    }
  }
  for (const [style, width] of [
    ["rgba(255, 255, 255, 0.8)", 3.5],
    ["#000000", 1.75],
  ] as const) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.stroke();
  }
}

function line(context: Context, from: readonly [number, number], to: readonly [number, number]) {
  context.moveTo(...from);
  context.lineTo(...to);
}

/** @param share of the scale, -1 to 1 */
function colourOf(share: number, opacity: number): string {
  const colour = HEAT_MAP_COLOURS[share < 0 ? "negative" : "positive"];
  return `rgba(${colour.join(", ")}, ${Math.min(1, Math.abs(share)) ** 0.7 * opacity})`;
}

type ScaleOptions = Required<Pick<PictureOptions, "scale" | "classes" | "opacity">> & { readonly width: number };

function drawScale(context: Context, x: number, y: number, { scale, classes, opacity, width }: ScaleOptions) {
  for (let i = 0; i < width; i++) {
    context.fillStyle = colourOf((2 * i) / (width - 1) - 1, opacity);
    context.fillRect(x + i, y, 1, 12);
  }
  context.strokeStyle = INK;
  context.lineWidth = 1;
  context.strokeRect(x + 0.5, y + 0.5, width - 1, 11);
  const ends = [`−${scale}: for ${classes[0]}`, "0 logits", `+${scale}: for ${classes[1]}`];
  for (const [i, text] of ends.entries()) {
    context.textAlign = (["left", "center", "right"] as const)[i] ?? "left";
    write(context, text, x + (i * width) / 2, y + 28, width / 2);
  }
  context.textAlign = "left";
}

function write(context: Context, text: string, x: number, y: number, width: number) {
  context.fillStyle = INK;
  context.font = `13px ${TEXT_FONT}`;
  context.fillText(text, x, y, width);
}
