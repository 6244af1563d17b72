/**
 * @module Decodes many compressed tiles of a TIFF file with one call: writes their bytes to a small TIFF file in memory, one tile
 * below the other, and passes it to the project's image decoder. So a slide supports the same forms as an image file, with the
 * same pixels. WebP tiles are complete image files already, but the page says what their fourth sample is (tag ExtraSamples):
 * transparency is laid on white, others are left out.
 */

import { HistoError } from "../../errors/index";
import { decodePixels, type SampleMeaning } from "../../image/index";
import { first, formOf, numbers, TAG, type Tags } from "../../image/tiff/index";
import type { PageLayout } from "./layout";
import { type TiffEntry, tiffFile } from "./write-tiff";

/** Kinds of colours whose planes can be decoded one by one: grey and RGB. */
const PLANE_COLOURS = [1, 2];
/** A compression whose tiles are complete image files. */
const WEBP = 50001;

/** Tags that determine the decoding. Leaves out colour profiles, because training tiles are cut from slides without them. */
const COPIED_TAGS = [
  TAG.bits,
  TAG.compression,
  TAG.photometric,
  TAG.fillOrder,
  TAG.predictor,
  TAG.palette,
  TAG.extra,
  TAG.sampleFormat,
  TAG.jpegTables,
  TAG.subsampling,
];

/** How the numbers of a file are stored, and what they mean. */
export interface FileValues {
  readonly little: boolean;
  readonly meaning: SampleMeaning;
}

/**
 * Decodes tiles of the same height.
 * @param tiles the compressed bytes of each plane of each tile
 * @returns uint8, RGB, [rows, tileWidth, 3] of each tile; they share one buffer
 * @throws {InputError} `IMAGE_CORRUPT` if one of them is damaged
 */
export async function decodeStack(
  layout: PageLayout,
  tiles: readonly (readonly Uint8Array[])[],
  rows: number,
  { little, meaning }: FileValues,
): Promise<Buffer[]> {
  if (layout.compression === WEBP) {
    const images = tiles.map(([bytes]) => decodeWebpTile(layout, bytes as Uint8Array, rows));
    return (await Promise.all(images)).map(asBuffer);
  }
  const planes = Array.from({ length: layout.planes }, (_, plane) => plane);
  const decoded = await Promise.all(
    planes.map(async (plane) => {
      const parts = tiles.map((bytes) => bytes[plane] as Uint8Array);
      const file = stackFile(layout, parts, rows, little);
      return (await decodePixels(file, { bytes: Number.POSITIVE_INFINITY, pixels: 2 ** 31 }, "a tile", meaning)).data;
    }),
  );
  const pixels = asBuffer(
    decoded.length === 1 ? (decoded[0] as Uint8Array) : interleave(decoded, first(layout.tags, TAG.extra)),
  );
  const each = layout.tileWidth * rows * 3;
  return tiles.map((_, i) => pixels.subarray(i * each, (i + 1) * each));
}

/** The unsupported form of a page's tiles and the remedy, as the end of a sentence; undefined if they are supported. */
export function unreadForm(layout: PageLayout): string | undefined {
  if (layout.compression === WEBP) return undefined;
  const form = formOf(new Map(stackTags(layout, 1).map(([tag, , values]) => [tag, values])));
  if (form?.kind === "unsupported") return `${form.form}, which is not read; ${form.remedy}`;
  if (layout.planes === 1 || PLANE_COLOURS.includes(first(layout.tags, TAG.photometric) ?? -1)) return undefined;
  return "with a plane for each colour, other colours than RGB, which is not read; save it with RGB colours";
}

/**
 * Planes, each decoded as grey, to RGB; one alone is grey.
 * @param extra what a plane behind the colours is: transparency is laid on white, anything else left out
 */
function interleave(planes: readonly Uint8Array[], extra: number | undefined): Uint8Array {
  const out = new Uint8Array((planes[0] as Uint8Array).length);
  for (let channel = 0; channel < 3; channel++) {
    const plane = planes[planes.length < 3 ? 0 : channel] as Uint8Array;
    for (let i = channel; i < out.length; i += 3) out[i] = plane[i] as number;
  }
  if (planes.length % 2 === 0 && isTransparency(extra)) {
    const alpha = planes.at(-1) as Uint8Array;
    for (let i = 0; i < out.length; i++) out[i] = onWhite(out[i] as number, alpha[i] as number, extra);
  }
  return out;
}

function asBuffer(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** Writes tiles as a TIFF file with one column of tiles, in the byte order of their own file. */
function stackFile(layout: PageLayout, tiles: readonly Uint8Array[], rows: number, little: boolean): Buffer {
  const { tiled, tileWidth } = layout;
  const parts: TiffEntry[] = tiled
    ? [
        [TAG.tileWidth, 4, [tileWidth]],
        [TAG.tileHeight, 4, [rows]],
      ]
    : [[TAG.rowsPerStrip, 4, [rows]]];
  return tiffFile([...stackTags(layout, rows * tiles.length), ...parts], tiles, { little, tiled });
}

function stackTags(layout: PageLayout, height: number): TiffEntry[] {
  const single = layout.planes > 1;
  return [
    [TAG.width, 4, [layout.tileWidth]],
    [TAG.height, 4, [height]],
    [TAG.samples, 3, [single ? 1 : layout.samples]],
    [TAG.planar, 3, [1]],
    ...COPIED_TAGS.flatMap((tag) => copied(layout.tags, tag, single)),
  ];
}

/** Copies a tag. @param single for a file with one plane of several */
function copied(tags: Tags, tag: number, single: boolean): TiffEntry[] {
  const values = numbers(tags, tag);
  if (values.length === 0) return [];
  if (!single) return [[tag, tag === TAG.jpegTables ? 7 : 3, values]];
  if (tag === TAG.extra || tag === TAG.subsampling) return [];
  // A single plane is grey.
  if (tag === TAG.photometric) return [[tag, 3, [1]]];
  return [[tag, tag === TAG.jpegTables ? 7 : 3, tag === TAG.jpegTables ? values : values.slice(0, 1)]];
}

/** The colours are multiplied by the transparency already. */
const PREMULTIPLIED = 1;
const TRANSPARENCY = 2;

/** Whether an extra sample is transparency. */
export function isTransparency(extra: number | undefined): extra is number {
  return extra === PREMULTIPLIED || extra === TRANSPARENCY;
}

/** A colour on white. @param opaque 0 (transparent) to 255 */
function onWhite(value: number, opaque: number, extra: number): number {
  return Math.min(255, (extra === PREMULTIPLIED ? value : Math.round((value * opaque) / 255)) + 255 - opaque);
}

/** @returns uint8, RGB, [rows, tileWidth, 3] @throws {HistoError} `IMAGE_CORRUPT` */
async function decodeWebpTile(layout: PageLayout, bytes: Uint8Array, rows: number): Promise<Uint8Array> {
  const { width, height, data } = await decode(layout, bytes, layout.tileWidth * rows);
  if (width === layout.tileWidth && height === rows) return data;
  const message = `a tile of ${width} x ${height} pixels instead of ${layout.tileWidth} x ${rows}`;
  throw new HistoError("IMAGE_CORRUPT", message);
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
