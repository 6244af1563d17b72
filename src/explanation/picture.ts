/** @module Draws the picture of an explanation: the tile, and its heat maps, each with its scale in logits. */
import type { Canvas } from "@napi-rs/canvas";
import { createCanvas, imageCanvas, TEXT_FONT } from "../canvas/index";
import type { RawPicture } from "../image/index";
import { drawHeatMap, drawScale, HEAT_MAP_COLOURS } from "./drawing";
import { type Explanation, type HeatMap, type Scales, scaleOf, strongestOf } from "./explain";

interface PictureOptions {
  /** Must be the same for comparable pictures. Default: what holds each map. */
  readonly scales?: Scales;
  /** `[negative, positive]`. */
  readonly classes: readonly [string, string];
  /** Edge of each panel in pixels. Default: 320. */
  readonly edge?: number;
}

type Context = ReturnType<Canvas["getContext"]>;

const METHODS: Readonly<Record<HeatMap["method"], { readonly name: string; readonly meaning: string }>> = {
  occlusion: { name: "Occlusion", meaning: "what the logit loses" },
  "class-activation": { name: "Class activation", meaning: "what each place adds" },
};
const MARGIN = 12;
const LINE = 17;
const CAPTION = 10 + 2 * LINE;
const INK = "#25202b";

/** A PNG with the tile and every heat map next to it. */
export async function explanationPicture(explanation: Explanation, options: PictureOptions): Promise<Buffer> {
  return (await draw(explanation, options)).toBuffer("image/png");
}

/** The same picture as pixels, of which other files are made sooner than of a PNG. */
export async function explanationPixels(explanation: Explanation, options: PictureOptions): Promise<RawPicture> {
  const canvas = await draw(explanation, options);
  const { width, height, data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return { width, height, channels: 4, data };
}

async function draw(
  { pixels, size, maps }: Explanation,
  { scales = {}, classes, edge = 320 }: PictureOptions,
): Promise<Canvas> {
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
    const below = MARGIN + edge;
    context.save();
    context.translate(x, MARGIN);
    context.drawImage(tile, 0, 0, edge, edge);
    if (!map) {
      context.restore();
      write(context, "The tile", x, below + 18, edge);
      continue;
    }
    const colouring = { scale: scales[map.method] ?? scaleOf([map]), opacity: 0.7, colours: HEAT_MAP_COLOURS };
    drawHeatMap(context, map, { edge, ...colouring });
    context.restore();
    const { name, meaning } = METHODS[map.method];
    write(context, `${name}: ${meaning}`, x, below + 18, edge);
    const strongest = `${name} scale; strongest ${strongestOf([map]).toPrecision(2)} logits`;
    write(context, strongest, x, below + 18 + LINE, edge);
    drawScale(context, {
      ...{ x, y: below + CAPTION, width: edge, ...colouring, classes },
      ...{ ink: INK, font: TEXT_FONT },
    });
  }
  return canvas;
}

function write(context: Context, text: string, x: number, y: number, width: number) {
  context.fillStyle = INK;
  context.font = `13px ${TEXT_FONT}`;
  context.fillText(text, x, y, width);
}
