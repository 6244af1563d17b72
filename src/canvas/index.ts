/** @module The canvas that figures and image grids are drawn on, and the font of their texts. */
import type { Canvas } from "@napi-rs/canvas";

/** Families for texts, best first. */
export const TEXT_FONT = '"Open Sans", "Liberation Sans", Arial, Helvetica, "DejaVu Sans", sans-serif';

/** A canvas with an image on it. @param rgb uint8, row-major, [height, width, 3] */
export async function imageCanvas(rgb: ArrayLike<number>, width: number, height: number): Promise<Canvas> {
  const canvas = await createCanvas(width, height);
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let from = 0, to = 0; to < image.data.length; from += 3, to += 4) {
    for (let channel = 0; channel < 3; channel++) image.data[to + channel] = rgb[from + channel] as number;
    image.data[to + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** A new canvas of the given size in pixels. */
export async function createCanvas(width: number, height: number): Promise<Canvas> {
  const canvas = await import("@napi-rs/canvas");
  return canvas.createCanvas(width, height);
}
