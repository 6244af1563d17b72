/**
 * @module The usual JPEG tiles of slides (8 bits, three colours, baseline), decoded by the project's own code where set-up has
 * compiled it (`native/jpeg`): to the bit what the general decoder gives, in half of its time. Other forms, and tiles that are
 * damaged in any way, are left to the general decoder.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { projectRoot } from "../../files/index";
import { first, TAG } from "./directory";
import type { PageLayout } from "./layout";

/** @returns a byte for each tile: 1 decoded, 0 refused */
type Decode = (
  tables: Buffer,
  tiles: readonly Buffer[],
  width: number,
  rows: number,
  convert: boolean,
  out: Buffer,
) => Promise<Buffer>;

const JPEG = 7;
const RGB = 2;
const YCBCR = 6;
/** Sides that the code takes. */
const SIDES = [16, 4096] as const;

let loaded: { readonly decode: Decode | undefined } | undefined;

/** Undefined where set-up could not compile it. */
function addon(): Decode | undefined {
  if (!loaded) {
    const path = join(projectRoot(), ".setup", "native", "jpeg-tiles.node");
    loaded = { decode: existsSync(path) ? load(path) : undefined };
  }
  return loaded.decode;
}

function load(path: string): Decode | undefined {
  try {
    return createRequire(join(projectRoot(), "package.json"))(path) as Decode;
  } catch {
    return undefined;
  }
}

/**
 * Decodes tiles of the same height.
 * @returns uint8, RGB, [rows, tileWidth, 3] of each tile; undefined where the general decoder has to do it
 */
export async function decodeJpegTiles(
  layout: PageLayout,
  tiles: readonly Buffer[],
  rows: number,
): Promise<Buffer[] | undefined> {
  const { tags, tileWidth, compression, samples, planes } = layout;
  const photometric = first(tags, TAG.photometric);
  const usual = compression === JPEG && samples === 3 && planes === 1 && (first(tags, TAG.bits) ?? 8) === 8;
  if (!usual || (photometric !== RGB && photometric !== YCBCR)) return undefined;
  if (Math.min(tileWidth, rows) < SIDES[0] || Math.max(tileWidth, rows) > SIDES[1]) return undefined;
  const decode = addon();
  if (!decode) return undefined;
  const bytes = tileWidth * rows * 3;
  const out = Buffer.allocUnsafeSlow(tiles.length * bytes);
  const tables = tags.get(TAG.jpegTables);
  const done = await decode(Buffer.from(tables ?? []), tiles, tileWidth, rows, photometric === YCBCR, out);
  return done.includes(0) ? undefined : tiles.map((_, i) => out.subarray(i * bytes, (i + 1) * bytes));
}
