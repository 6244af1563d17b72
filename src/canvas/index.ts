/** @module The canvas that figures and image grids are drawn on, and the font of their texts. */
import type { Canvas } from "@napi-rs/canvas";

/** Families for texts, best first. */
export const TEXT_FONT = '"Open Sans", "Liberation Sans", Arial, Helvetica, "DejaVu Sans", sans-serif';

/** A new canvas of the given size in pixels. */
export async function createCanvas(width: number, height: number): Promise<Canvas> {
  const canvas = await import("@napi-rs/canvas");
  return canvas.createCanvas(width, height);
}
