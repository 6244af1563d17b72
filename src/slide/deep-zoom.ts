/**
 * @module The picture of a slide as JPEG tiles at powers of two: for the server's viewer, and as a Deep Zoom image
 * (`slide.dzi`, `slide_files/`) for OpenSeadragon.
 * @see https://openseadragon.github.io/examples/tilesource-dzi/
 */
import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OverlayOptions } from "sharp";
import { hasErrorCode } from "../errors/index";
import { makeDirectory, readOrEmpty, syncDirectory, writeFileAtomically } from "../files/index";
import type { RgbImage } from "../image/index";
import { levelFor, type Rectangle, type SlideInfo, type SlideLevel, type SlideReader } from "./types";

/** Edge length of a tile in pixels. */
export const PICTURE_TILE = 256;
/** Maximum factor by which a viewer tile shrinks a level, because it reads a part of it as many times as large. */
const MOST_SHRINKING = 8;
const QUALITY = 85;
/** Tiles that are made while others wait for the disk. */
const TILES_AT_ONCE = 4;
const DESCRIPTION = "slide.dzi";
const FILES = "slide_files";
/** Names the picture of unfinished tiles. */
const PICTURE = "picture";

/** Number of powers of two of {@link pictureTile}, including full size. */
export function pictureLevels({ levels }: SlideInfo): number {
  const { width, height } = levels[0] as SlideLevel;
  const wanted = 1 + Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / PICTURE_TILE)));
  const powers = Array.from({ length: wanted }, (_, shrink) => 2 ** shrink);
  // Levels can be far apart.
  const shrinking = (power: number) => power / (levels[levelFor(levels, power)] as SlideLevel).downsample;
  const tooMuch = powers.findIndex((power) => shrinking(power) > MOST_SHRINKING);
  return tooMuch < 0 ? wanted : tooMuch;
}

/** A JPEG tile of the picture reduced by a factor of 2^`shrink`; undefined outside. Damaged tiles of the file are white. */
export async function pictureTile(
  reader: SlideReader,
  shrink: number,
  column: number,
  row: number,
): Promise<Buffer | undefined> {
  const { info } = reader;
  const size = tileSize(info, shrink, column, row);
  if (!size) return undefined;
  const at = levelFor(info.levels, 2 ** shrink);
  const level = info.levels[at] as SlideLevel;
  const scale = 2 ** shrink / level.downsample;
  const [x, width] = inPixels(column * PICTURE_TILE * scale, size.width * scale, level.width);
  const [y, height] = inPixels(row * PICTURE_TILE * scale, size.height * scale, level.height);
  const image = await readAround(reader, at, { x, y, width, height });
  const { default: sharp } = await import("sharp");
  return sharp(image.data, { raw: { width, height, channels: 3 } })
    .resize({ ...size, fit: "fill" })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}

/**
 * An interval in whole pixels of a level, at least one. The sides of a level are not those of the slide divided by its factor but
 * rounded: beyond them there is nothing.
 */
function inPixels(start: number, length: number, side: number): [start: number, length: number] {
  const first = Math.min(Math.round(start), side - 1);
  return [first, Math.min(Math.max(1, Math.round(length)), side - first)];
}

export async function hasDeepZoom(folder: string, picture: string): Promise<boolean> {
  return (await readOrEmpty(join(folder, DESCRIPTION))).includes(markOf(picture));
}

function markOf(picture: string): string {
  return `<!-- histo slide ${picture} -->`;
}

/**
 * Writes the Deep Zoom image into a folder in bounded memory, unless it exists. Continues after an interruption.
 * @param picture identifies the picture; an image of another one is replaced
 */
export async function writeDeepZoom(
  folder: string,
  reader: SlideReader,
  picture: string,
  signal: AbortSignal,
): Promise<void> {
  if (await hasDeepZoom(folder, picture)) return;
  const { info } = reader;
  const { width, height } = info.levels[0] as SlideLevel;
  const [files, part] = [join(folder, FILES), join(folder, `${FILES}.part`)];
  await keepTilesOf(picture, part);
  const finest = Math.ceil(Math.log2(Math.max(width, height)));
  for (let shrink = 0; shrink <= finest; shrink++) {
    const levelFolder = join(part, String(finest - shrink));
    await makeDirectory(levelFolder);
    const written = new Set(await readdir(levelFolder));
    // Missing levels are computed from the level before, so that no tile reads a large part of the slide.
    const source = info.levels[levelFor(info.levels, 2 ** shrink)] as SlideLevel;
    const isRead = 2 ** shrink <= 2 * source.downsample;
    const writeTile = async (column: number, row: number) => {
      const name = `${column}_${row}.jpeg`;
      if (written.has(name)) return;
      const tile = isRead
        ? await pictureTile(reader, shrink, column, row)
        : await fromFour(join(part, String(finest - shrink + 1)), info, shrink, column, row);
      if (tile) await writeTileFile(join(levelFolder, name), tile);
    };
    for (let row = 0; tileSize(info, shrink, 0, row); row++) {
      for (let column = 0; tileSize(info, shrink, column, row); column += TILES_AT_ONCE) {
        signal.throwIfAborted();
        const columns = Array.from({ length: TILES_AT_ONCE }, (_, i) => column + i);
        await Promise.all(columns.map((one) => tileSize(info, shrink, one, row) && writeTile(one, row)));
      }
    }
    await syncDirectory(levelFolder);
  }
  await rm(join(part, PICTURE));
  // In this order, so that no description is of another picture's tiles.
  await rm(join(folder, DESCRIPTION), { force: true });
  await rm(files, { recursive: true, force: true });
  await rename(part, files);
  const image = `<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="jpeg" Overlap="0" TileSize="${PICTURE_TILE}">`;
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${markOf(picture)}\n${image}<Size Width="${width}" Height="${height}"/></Image>\n`;
  await writeFileAtomically(join(folder, DESCRIPTION), text);
}

/** Empties the folder of unfinished tiles, unless they are of this picture. */
async function keepTilesOf(picture: string, part: string): Promise<void> {
  const path = join(part, PICTURE);
  if ((await readOrEmpty(path)) === picture) return;
  await rm(part, { recursive: true, force: true });
  await makeDirectory(part);
  await writeFileAtomically(path, picture);
}

/** Writes a tile, which has its name only when it is complete on disk. */
async function writeTileFile(path: string, tile: Buffer): Promise<void> {
  const part = `${path}.part`;
  await writeFile(part, tile, { flush: true });
  await rename(part, path);
}

/** Size of a tile in pixels, smaller at the edges; undefined outside. */
function tileSize({ levels }: SlideInfo, shrink: number, column: number, row: number) {
  const [base] = levels as readonly [SlideLevel];
  const width = Math.min(PICTURE_TILE, Math.ceil(base.width / 2 ** shrink) - column * PICTURE_TILE);
  const height = Math.min(PICTURE_TILE, Math.ceil(base.height / 2 ** shrink) - row * PICTURE_TILE);
  return width > 0 && height > 0 ? { width, height } : undefined;
}

/** Computes a tile from the four tiles of the next finer level in `folder`. */
async function fromFour(folder: string, info: SlideInfo, shrink: number, column: number, row: number): Promise<Buffer> {
  const { default: sharp } = await import("sharp");
  const size = tileSize(info, shrink, column, row) as { width: number; height: number };
  const parts: OverlayOptions[] = [];
  let [width, height] = [0, 0];
  for (let corner = 0; corner < 4; corner++) {
    const [x, y] = [corner % 2, corner >> 1];
    const part = tileSize(info, shrink - 1, 2 * column + x, 2 * row + y);
    if (!part) continue;
    const input = join(folder, `${2 * column + x}_${2 * row + y}.jpeg`);
    parts.push({ input, left: x * PICTURE_TILE, top: y * PICTURE_TILE });
    width = Math.max(width, x * PICTURE_TILE + part.width);
    height = Math.max(height, y * PICTURE_TILE + part.height);
  }
  const { data, info: made } = await sharp({ create: { width, height, channels: 3, background: "white" } })
    .composite(parts)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const raw = { width: made.width, height: made.height, channels: made.channels };
  return sharp(data, { raw })
    .resize({ ...size, fit: "fill" })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}

/** Reads a region; its damaged parts, which are as small as the tiles of the file, are white. */
async function readAround(reader: SlideReader, level: number, region: Rectangle): Promise<RgbImage> {
  const [image] = await reader.readRegions(level, [region]);
  if (image && !(image instanceof Error)) return image;
  const { width, height } = region;
  const data = Buffer.alloc(width * height * 3, 255);
  // Each piece of it may crash the reader again.
  if (hasErrorCode(image, "SLIDE_READER_CRASHED")) return { width, height, data };
  const pieces = alongTiles(reader.info.levels[level] as SlideLevel, region);
  for (const [i, piece] of (await reader.readRegions(level, pieces)).entries()) {
    if (!(piece instanceof Error)) paste(piece, pieces[i] as Rectangle, data, region);
  }
  return { width, height, data };
}

/** Cuts a region at the borders of the file's tiles. */
function alongTiles({ tileWidth, tileHeight }: SlideLevel, { x, y, width, height }: Rectangle): Rectangle[] {
  const rows = cuts(y, y + height, tileHeight);
  return rows.flatMap(([top, bottom]) =>
    cuts(x, x + width, tileWidth).map(([left, right]) => {
      return { x: left, y: top, width: right - left, height: bottom - top };
    }),
  );
}

function cuts(start: number, end: number, length: number): [start: number, end: number][] {
  const found: [number, number][] = [];
  for (let at = start; at < end; ) {
    const next = Math.min(end, (Math.floor(at / length) + 1) * length);
    found.push([at, next]);
    at = next;
  }
  return found;
}

function paste({ data }: RgbImage, piece: Rectangle, out: Buffer, region: Rectangle): void {
  for (let row = 0; row < piece.height; row++) {
    const at = (piece.y - region.y + row) * region.width + piece.x - region.x;
    out.set(data.subarray(3 * row * piece.width, 3 * (row + 1) * piece.width), 3 * at);
  }
}
