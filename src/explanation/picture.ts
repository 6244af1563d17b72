/** @module Draws the picture of an explanation: the tile, its heat maps, and the scale in logits. */
import type { Canvas } from "@napi-rs/canvas";
import { createCanvas, imageCanvas, TEXT_FONT } from "../canvas/index";
import { drawHeatMap, drawScale } from "./drawing";
import type { Explanation, HeatMap } from "./explain";
import { strongestOf } from "./explain";
import { HEAT_MAP_COLOURS } from "./palette";

interface PictureOptions {
  /** End of the scale, in logits; must be the same for comparable pictures. */
  readonly scale: number;
  /** `[negative, positive]`. */
  readonly classes: readonly [string, string];
  /** Edge of each panel in pixels. Default: 320. */
  readonly edge?: number;
  /** Opacity of the colours, 0 to 1. Default: 0.7. */
  readonly opacity?: number;
}

type Context = ReturnType<Canvas["getContext"]>;

const NAMES: Readonly<Record<HeatMap["method"], string>> = {
  occlusion: "Occlusion: what the logit loses",
  "class-activation": "Class activation: what each place adds",
};
const MARGIN = 12;
const LINE = 17;
const CAPTION = 10 + 2 * LINE;
const INK = "#25202b";

/** A PNG with the tile and every heat map next to it. */
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
    if (map) drawHeatMap(context, map, { edge, scale, opacity, colours: HEAT_MAP_COLOURS });
    context.restore();
    const caption = map ? [NAMES[map.method], `strongest ${strongestOf([map]).toPrecision(2)} logits`] : ["The tile"];
    for (const [line, text] of caption.entries()) write(context, text, x, MARGIN + edge + 18 + line * LINE, edge);
  }
  drawScale(context, {
    ...{ x: MARGIN, y: MARGIN + edge + CAPTION, width: edge, scale, opacity, colours: HEAT_MAP_COLOURS, classes },
    ...{ ink: INK, font: TEXT_FONT },
  });
  return canvas.toBuffer("image/png");
}

function write(context: Context, text: string, x: number, y: number, width: number) {
  context.fillStyle = INK;
  context.font = `13px ${TEXT_FONT}`;
  context.fillText(text, x, y, width);
}
