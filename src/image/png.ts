/**
 * @module Decodes usual PNG files with Node's zlib: 8-bit RGB without interlacing, transparency, colour profile and orientation, as
 * tiles are usually stored. Takes half the time of sharp, which decodes all other files, including damaged ones.
 * @see https://www.w3.org/TR/png-3/
 */
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { RgbImage } from "./preprocessing/index";

const inflate = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.inflate);

/** Larger images are never decompressed on the calling thread. */
const IMMEDIATE_PIXELS = 2 ** 18;
/** Chunks that do not affect pixels. */
const HARMLESS = new Set(["sRGB", "pHYs", "tIME", "IDAT", "IHDR", "IEND"]);
const SIGNATURE_BYTES = 8;
/** Length, type and checksum of a chunk. */
const CHUNK_OVERHEAD = 12;
const RGB8_NOT_INTERLACED = "0802000000";

/**
 * Decodes a usual PNG.
 * @param bytes a file that begins with the PNG signature
 * @param maxPixels larger images are not decoded
 * @param immediate decompress small images on the calling thread
 * @returns undefined for other and damaged files
 */
export async function decodePlainPng(
  bytes: Uint8Array,
  maxPixels: number,
  immediate = false,
): Promise<RgbImage | undefined> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = imageData(file);
  if (!data || file.toString("hex", 24, 29) !== RGB8_NOT_INTERLACED) return undefined;
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  if (width === 0 || height === 0 || width * height > maxPixels) return undefined;
  const length = height * (width * 3 + 1);
  try {
    const options = { chunkSize: Math.max(64, length + 1), maxOutputLength: length };
    const here = immediate && width * height <= IMMEDIATE_PIXELS;
    const filtered = here ? zlib.inflateSync(data, options) : await inflate(data, options);
    if (filtered.length !== length) return undefined;
    const pixels = unfilter(filtered, width * 3, height);
    return pixels && { width, height, data: pixels };
  } catch {
    return undefined;
  }
}

/** The compressed pixels; undefined if a chunk is damaged, misplaced, or may change the meaning of pixels. */
function imageData(file: Buffer): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (let at = SIGNATURE_BYTES; at + CHUNK_OVERHEAD <= file.length; ) {
    const length = file.readUInt32BE(at);
    const end = at + CHUNK_OVERHEAD + length;
    const type = file.toString("latin1", at + 4, at + 8);
    if (end > file.length || !HARMLESS.has(type) || (at === SIGNATURE_BYTES) !== (type === "IHDR")) return undefined;
    if (zlib.crc32(file.subarray(at + 4, end - 4)) !== file.readUInt32BE(end - 4)) return undefined;
    if (type === "IDAT") parts.push(file.subarray(at + 8, end - 4));
    if (type === "IEND") return parts.length === 1 ? parts[0] : Buffer.concat(parts);
    at = end;
  }
  return undefined;
}

/**
 * Reverses the filter of each row, in which every byte is stored as its difference from the neighbours to the left and above. Works in
 * place by moving each row to the front, so that no second image is allocated.
 * @param stride bytes of a row @returns undefined for a filter that does not exist
 */
function unfilter(filtered: Uint8Array, stride: number, height: number): Uint8Array | undefined {
  const pixels = filtered.subarray(0, height * stride);
  const zeros = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1) + 1;
    const row = pixels.subarray(y * stride, (y + 1) * stride);
    const above = y === 0 ? zeros : pixels.subarray((y - 1) * stride, y * stride);
    // Read before moving the row, which overwrites it.
    const undo = FILTERS[filtered[start - 1] as number];
    if (!undo) return undefined;
    filtered.copyWithin(y * stride, start, start + stride);
    undo(row, above);
  }
  return pixels;
}

const STEP = 3;

/**
 * In the order of their numbers: none, sub, up, average, Paeth. Each works in place on a row of stored differences. Variables keep
 * the values for the next pixel, because reading them back from the row takes twice the time.
 */
const FILTERS: readonly ((row: Uint8Array, above: Uint8Array) => void)[] = [
  () => undefined,
  (row) => {
    let [r, g, b] = [0, 0, 0];
    for (let i = 0; i < row.length; i += STEP) {
      row[i] = r = (r + (row[i] as number)) & 255;
      row[i + 1] = g = (g + (row[i + 1] as number)) & 255;
      row[i + 2] = b = (b + (row[i + 2] as number)) & 255;
    }
  },
  (row, above) => {
    for (let i = 0; i < row.length; i++) row[i] = (row[i] as number) + (above[i] as number);
  },
  (row, above) => {
    for (let channel = 0; channel < STEP; channel++) {
      let left = 0;
      for (let i = channel; i < row.length; i += STEP) {
        row[i] = left = ((row[i] as number) + ((left + (above[i] as number)) >> 1)) & 255;
      }
    }
  },
  (row, above) => {
    for (let channel = 0; channel < STEP; channel++) {
      let [left, corner] = [0, 0];
      for (let i = channel; i < row.length; i += STEP) {
        const up = above[i] as number;
        const toLeft = Math.abs(up - corner);
        const toUp = Math.abs(left - corner);
        const toCorner = Math.abs(left + up - 2 * corner);
        const nearest = toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
        row[i] = left = ((row[i] as number) + nearest) & 255;
        corner = up;
      }
    }
  },
];
