/** @module Decodes WebP tiles. Each is a complete image file, but the page says what its fourth sample is. */
import { HistoError } from "../../errors/index";
import { decodePixels } from "../../image/index";
import { first, TAG } from "./directory";
import type { PageLayout } from "./layout";
import { isTransparency, onWhite } from "./transparency";

/** @returns uint8, RGB, [rows, tileWidth, 3] @throws {HistoError} `IMAGE_CORRUPT` */
export async function decodeWebpTile(layout: PageLayout, bytes: Uint8Array, rows: number): Promise<Uint8Array> {
  const { width, height, data } = await decode(layout, bytes, layout.tileWidth * rows);
  if (width === layout.tileWidth && height === rows) return data;
  throw new HistoError(
    "IMAGE_CORRUPT",
    `a tile of ${width} x ${height} pixels instead of ${layout.tileWidth} x ${rows}`,
  );
}

async function decode(
  { samples, tags }: PageLayout,
  bytes: Uint8Array,
  pixels: number,
): Promise<{ width: number; height: number; data: Uint8Array }> {
  if (samples < 4) return decodePixels(bytes, { pixels }, "a tile");
  const { default: sharp } = await import("sharp");
  const { data, info } = await sharp(bytes, { failOn: "error", limitInputPixels: pixels })
    .ensureAlpha()
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const extra = first(tags, TAG.extra);
  const colours = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const opaque = data[4 * i + 3] as number;
    for (let channel = 0; channel < 3; channel++) {
      const value = data[4 * i + channel] as number;
      colours[3 * i + channel] = isTransparency(extra) ? onWhite(value, opaque, extra) : value;
    }
  }
  return { width, height, data: colours };
}
