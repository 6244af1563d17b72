/** @module How large an image may be: the same for every command, the server and Lambda. */
import { InputError } from "../errors/index";

/** What is refused before it is decoded, and where the work is done. */
export interface DecodeLimits {
  /** Largest number of pixels (width times height). Default: {@link TILE_EDGE} squared. */
  readonly pixels?: number | undefined;
  /** Largest file in bytes. Default {@link FILE_BYTES}. */
  readonly bytes?: number | undefined;
  /** Decode small files on the calling thread: sooner done for a lone caller, but nothing else runs meanwhile. */
  readonly immediate?: boolean | undefined;
}

/** Edge length of the largest square that is read as one tile; other shapes may have as many pixels. */
export const TILE_EDGE = 4096;
const FILE_BYTES = 256 * 2 ** 20;

/** @throws {InputError} `IMAGE_TOO_LARGE` */
export function mustFitPixels(width: number, height: number, name: string, { pixels }: DecodeLimits): void {
  if (width * height <= (pixels ?? TILE_EDGE ** 2)) return;
  const most = pixels === undefined ? `${TILE_EDGE} x ${TILE_EDGE}` : `${pixels}`;
  const message = `${name} has ${width} x ${height} pixels; at most ${most} as one tile: cut it into tiles (histo slide takes whole slides), or save it smaller.`;
  throw new InputError("IMAGE_TOO_LARGE", message);
}

/** @throws {InputError} `IMAGE_TOO_LARGE` */
export function mustFitBytes(bytes: number, name: string, limits: DecodeLimits): void {
  const most = limits.bytes ?? FILE_BYTES;
  if (bytes <= most) return;
  const mebibytes = (value: number) => `${Math.ceil(value / 2 ** 20)} MiB`;
  const message = `${name} has ${mebibytes(bytes)}; at most ${mebibytes(most)} are read: save it smaller, or compressed.`;
  throw new InputError("IMAGE_TOO_LARGE", message);
}
