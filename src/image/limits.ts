/** @module Largest images and most scans of a JPEG file, for all commands, the server and Lambda. */
import { InputError } from "../errors/index";

/** Limits that are checked before decoding, and where to decode. */
export interface DecodeLimits {
  /** Largest number of pixels (width times height). Default: {@link TILE_EDGE} squared. */
  readonly pixels?: number | undefined;
  /** Largest file in bytes. Default: {@link FILE_BYTES}. */
  readonly bytes?: number | undefined;
  /** Decode small files on the calling thread: faster for a single caller, but blocks the thread. */
  readonly immediate?: boolean | undefined;
}

/** Edge length of the largest square tile; other shapes may have as many pixels. */
export const TILE_EDGE = 4096;
const FILE_BYTES = 256 * 2 ** 20;

/** @throws {InputError} `IMAGE_TOO_LARGE` */
export function mustFitPixels(width: number, height: number, name: string, { pixels }: DecodeLimits): void {
  if (width * height <= (pixels ?? TILE_EDGE ** 2)) return;
  const most = pixels === undefined ? `${TILE_EDGE} x ${TILE_EDGE}` : `${pixels}`;
  const message = `${name} has ${width} x ${height} pixels; a tile may have at most ${most}: cut it into tiles (for whole slides, use histo slide), or save it smaller.`;
  throw new InputError("IMAGE_TOO_LARGE", message);
}

/** @throws {InputError} `IMAGE_TOO_LARGE` */
export function mustFitBytes(bytes: number, name: string, limits: DecodeLimits): void {
  const most = limits.bytes ?? FILE_BYTES;
  if (bytes <= most) return;
  const mebibytes = (value: number) => `${Math.ceil(value / 2 ** 20)} MiB`;
  const message = `${name} has ${mebibytes(bytes)}; the limit is ${mebibytes(most)}: save it smaller, or compressed.`;
  throw new InputError("IMAGE_TOO_LARGE", message);
}

const [SCAN, END] = [0xda, 0xd9];
/** With Huffman's and with arithmetic coding. */
const PROGRESSIVE = [0xc2, 0xca];

/**
 * The number of scans of a progressive JPEG file, each of which costs as much time as the image is large; 1 for other files, which
 * have one for each colour at most.
 */
export function scansOf(bytes: Uint8Array): number {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let isProgressive = false;
  let scans = 0;
  // The first marker says only that it is a JPEG file.
  for (let at = file.indexOf(0xff, 2); at >= 0 && at + 4 <= file.length; at = file.indexOf(0xff, at)) {
    const marker = file[at + 1] as number;
    if (marker === END) break;
    if (marker === 0xff) at++;
    // Without a length: stuffed bytes, restarts, and the start of an image.
    else if (marker <= 1 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else {
      if (PROGRESSIVE.includes(marker)) isProgressive = true;
      if (marker === SCAN) {
        if (!isProgressive) return 1;
        scans++;
      }
      at += 2 + file.readUInt16BE(at + 2);
    }
  }
  return scans;
}
