/**
 * @module From the bytes of an image file to RGB pixels, the same way for training and serving.
 *
 * PNG, JPEG, WebP and TIFF (first page), recognised by content, not by name. Grey becomes three equal channels, 16 bits
 * become 8 (the upper byte), palettes are resolved, transparency is laid on white (the colour of an empty slide), CMYK and
 * embedded ICC profiles are converted to sRGB, EXIF orientation is applied. Files that are cut off, or damaged so that the decoder
 * notices, are errors, and so are TIFF files of other numbers than 8 or 16 bits or of a form that the decoder does not read right.
 */
import { readFile, stat } from "node:fs/promises";
import type { Sharp } from "sharp";
import { hasErrorCode, InputError, messageOf } from "../errors/index";
import { decodePlainPng } from "./png";
import type { ResizePolicy } from "./preprocessing";
import { tiffForm } from "./tiff-form";

/** RGB pixels: uint8, row-major (height, width, channel), length `width * height * 3`. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** The file holds 16 bits a channel, of which the upper 8 are kept. */
  readonly sixteenBits?: boolean;
}

/** What is refused before it is decoded, and where the work is done. */
export interface DecodeLimits {
  /** Largest number of pixels (width times height). Default 100 million. */
  readonly pixels?: number | undefined;
  /** Largest file in bytes. Default 256 MiB. */
  readonly bytes?: number | undefined;
  /** Decode small files on the calling thread: sooner done for a lone caller, but nothing else runs meanwhile. */
  readonly immediate?: boolean | undefined;
}

export interface DecodeOptions {
  /** Edge length of the result in pixels. */
  readonly size: number;
  /** How another size is brought to it. Default `crop`. */
  readonly resize?: ResizePolicy | undefined;
  readonly limits?: DecodeLimits | undefined;
  /** What to call the image in errors. Default: its path, or "the image". */
  readonly name?: string | undefined;
}

/** How images of another size are treated where nothing is said: scaled to cover the square, the middle kept. */
export const DEFAULT_RESIZE: ResizePolicy = "crop";
const DEFAULT_LIMITS = { pixels: 100_000_000, bytes: 256 * 2 ** 20 };
/** Larger images go to the general decoder, which works off the main thread. */
const PLAIN_PNG_PIXELS = 2 ** 21;
const WHITE = { r: 255, g: 255, b: 255 };

/**
 * Decodes an image file or its bytes to a square of RGB pixels.
 * @returns uint8 of length `size * size * 3`, row-major (height, width, channel)
 * @throws {InputError} `IMAGE_MISSING`, `IMAGE_UNSUPPORTED` (no format that is read), `IMAGE_CORRUPT`, `IMAGE_TOO_LARGE`
 * or `IMAGE_SIZE` (policy `exact` and another size)
 */
export async function decodeImage(input: Uint8Array | string, options: DecodeOptions): Promise<Uint8Array> {
  const name = options.name ?? (typeof input === "string" ? input : "the image");
  return fitImage(await decodePixels(input, options.limits, name), { ...options, name });
}

/**
 * Decodes an image file or its bytes at its own size.
 * @throws {InputError} as {@link decodeImage}
 */
export async function decodePixels(
  input: Uint8Array | string,
  limits: DecodeLimits = {},
  name = typeof input === "string" ? input : "the image",
): Promise<RgbImage> {
  const bytes = typeof input === "string" ? await readImageFile(input, limits, name) : input;
  if (bytes.length === 0) throw new InputError("IMAGE_CORRUPT", `${name} is an empty file.`);
  if (bytes.length > (limits.bytes ?? DEFAULT_LIMITS.bytes)) throw tooManyBytes(name, bytes.length);
  const format = imageFormat(bytes);
  if (format === undefined) {
    throw new InputError("IMAGE_UNSUPPORTED", `${name} is not a PNG, JPEG, WebP or TIFF image.`);
  }
  const limitInputPixels = limits.pixels ?? DEFAULT_LIMITS.pixels;
  if (format === "png") {
    const plain = await decodePlainPng(bytes, Math.min(limitInputPixels, PLAIN_PNG_PIXELS), limits.immediate);
    if (plain) return plain;
  }
  try {
    const sharp = await generalDecoder();
    const image = sharp(bytes, { failOn: "error", autoOrient: true, limitInputPixels });
    const form = format === "tiff" ? tiffForm(bytes) : undefined;
    if (form?.kind === "unsupported") {
      throw new InputError("IMAGE_UNSUPPORTED", `${name} is a TIFF ${form.form}, which is not read; ${form.remedy}.`);
    }
    const { depth } = await image.metadata();
    if (format === "tiff") mustBeWholeNumbers(depth, name);
    const pixels = await rgb(image, form?.dropExtra);
    return depth === "ushort" ? { ...pixels, sixteenBits: true } : pixels;
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = onceEach(error);
    if (/pixel limit/i.test(reason)) {
      throw new InputError("IMAGE_TOO_LARGE", `${name} has more than ${limitInputPixels} pixels.`, { cause: error });
    }
    const detail = /^unknown error$/i.test(reason) ? "" : ` (${reason})`;
    throw new InputError("IMAGE_CORRUPT", `${name} is damaged or cut off${detail}.`, { cause: error });
  }
}

/**
 * Brings decoded pixels to a square.
 * @returns uint8 of length `size * size * 3`; the same memory when the image has the size already
 * @throws {InputError} `IMAGE_SIZE`
 */
export async function fitImage(
  image: RgbImage,
  { size, resize = DEFAULT_RESIZE, name = "the image" }: Omit<DecodeOptions, "limits">,
): Promise<Uint8Array> {
  if (image.width === size && image.height === size) return image.data;
  if (resize === "exact") {
    throw new InputError(
      "IMAGE_SIZE",
      `${name} is ${image.width}x${image.height} pixels where ${size}x${size} is needed.`,
    );
  }
  const fit = ({ stretch: "fill", pad: "contain", crop: "cover" } as const)[resize];
  const source = { width: image.width, height: image.height, channels: 3 } as const;
  const sharp = await generalDecoder();
  const scaled = sharp(image.data, { raw: source, limitInputPixels: false });
  return (await rgb(scaled.resize({ width: size, height: size, fit, background: WHITE }))).data;
}

/** The format of an image by its first bytes, or undefined for anything that is not read here. */
export function imageFormat(bytes: Uint8Array): "png" | "jpeg" | "webp" | "tiff" | undefined {
  const starts = (...signature: number[]) => signature.every((byte, index) => bytes[index] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "png";
  if (starts(0xff, 0xd8, 0xff)) return "jpeg";
  if (starts(0x52, 0x49, 0x46, 0x46) && Buffer.from(bytes.subarray(8, 12)).toString("latin1") === "WEBP") return "webp";
  const tiff = [42, 43].some((version) => starts(0x49, 0x49, version, 0) || starts(0x4d, 0x4d, 0, version));
  return tiff ? "tiff" : undefined;
}

/** Loaded when it is needed: threads and programs that see nothing but usual tiles start 40 ms sooner. */
async function generalDecoder(): Promise<typeof import("sharp")> {
  const { default: sharp } = await import("sharp");
  // Images are decoded side by side, so that each needs only one thread.
  sharp.concurrency(1);
  return sharp;
}

/** TIFF files may hold numbers on any scale; those from 0 to 1, say, would all become black. */
function mustBeWholeNumbers(depth: string | undefined, name: string): void {
  if (depth === "uchar" || depth === "ushort") return;
  const message = `${name} holds numbers of type ${depth}, whose scale is not known; save it with 8 or 16 bits a channel.`;
  throw new InputError("IMAGE_UNSUPPORTED", message);
}

/** The decoder says the same of every row or tile. */
function onceEach(error: unknown): string {
  const lines = error instanceof Error ? error.message.split("\n").map((line) => line.trim()) : [messageOf(error)];
  return [...new Set(lines)].filter(Boolean).join("; ");
}

/** @param dropExtra the sample beside the colours is no transparency: it is left out */
async function rgb(image: Sharp, dropExtra = false): Promise<RgbImage> {
  const colours = image.toColourspace("srgb");
  const { data, info } = await (dropExtra ? colours.removeAlpha() : colours.flatten({ background: WHITE }))
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`${info.channels} channels after conversion to RGB`);
  return { width: info.width, height: info.height, data };
}

async function readImageFile(path: string, limits: DecodeLimits, name: string): Promise<Uint8Array> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw new InputError("IMAGE_UNSUPPORTED", `${name} is not a file.`);
    if (info.size > (limits.bytes ?? DEFAULT_LIMITS.bytes)) throw tooManyBytes(name, info.size);
    return await readFile(path);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) throw new InputError("IMAGE_MISSING", `${name} does not exist.`);
    if (hasErrorCode(error, "EACCES"))
      throw new InputError("IMAGE_MISSING", `${name} may not be read; change its permissions.`);
    throw error;
  }
}

function tooManyBytes(name: string, bytes: number): InputError {
  return new InputError("IMAGE_TOO_LARGE", `${name} has ${Math.ceil(bytes / 2 ** 20)} MiB, more than is accepted.`);
}
