/**
 * @module Decodes many compressed tiles of a TIFF file with one call: writes their bytes to a small TIFF file in memory, one tile
 * below the other, and passes it to the project's image decoder. So a slide supports the same forms as an image file, with the
 * same pixels.
 */
import { decodePixels, type SampleMeaning, tiffForm } from "../../image/index";
import { first, numbers, TAG, type Tags } from "./directory";
import type { PageLayout } from "./layout";
import { isTransparency, onWhite } from "./transparency";
import { decodeWebpTile } from "./webp-tile";
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
export function unreadForm(layout: PageLayout, little: boolean): string | undefined {
  if (layout.compression === WEBP) return undefined;
  const form = tiffForm(stackFile(layout, [new Uint8Array(0)], 1, little));
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
  const single = layout.planes > 1;
  const entries: TiffEntry[] = [
    [TAG.width, 4, [layout.tileWidth]],
    [TAG.height, 4, [rows * tiles.length]],
    [TAG.samples, 3, [single ? 1 : layout.samples]],
    [TAG.planar, 3, [1]],
    ...COPIED_TAGS.flatMap((tag) => copied(layout.tags, tag, single)),
  ];
  if (layout.tiled) entries.push([TAG.tileWidth, 4, [layout.tileWidth]], [TAG.tileHeight, 4, [rows]]);
  else entries.push([TAG.rowsPerStrip, 4, [rows]]);
  return tiffFile(entries, tiles, { little, tiled: layout.tiled });
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
