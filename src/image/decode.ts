/**
 * @module Decodes image files to RGB pixels, in the same way for training and serving.
 *
 * Reads PNG, JPEG, WebP and TIFF (first page), recognised by content. Converts grey to three equal channels, 16 bits to 8 (the
 * upper byte), palettes to colours, CMYK and embedded ICC profiles to sRGB; puts transparency on white (the colour of empty
 * background) and applies the EXIF orientation. Rejects truncated and detectably damaged files, and TIFF files with values other
 * than 8 or 16 bits or of a form that the decoder misreads.
 */
import { readFile, stat } from "node:fs/promises";
import type { Metadata, Sharp } from "sharp";
import { hasErrorCode, InputError, messageOf } from "../errors/index";
import { shortenValues, usedBits } from "./bit-depth";
import { type DecodeLimits, mustFitBytes, mustFitPixels, scansOf, TILE_EDGE } from "./limits";
import { decodePlainPng } from "./png";
import type { ResizePolicy, RgbImage } from "./preprocessing/index";
import { tiffForm } from "./tiff/index";
import { loadSharp } from "./with-sharp";

/** The meaning of a file's values, if the file does not define it. */
export interface SampleMeaning {
  /** Bits that the values of 16-bit files use, 8 to 16. Default: 16. Ignored for other files. */
  readonly bitDepth?: number | undefined;
}

interface DecodeOptions {
  /** Edge length of the result in pixels. */
  readonly size: number;
  /** How to resize to it. Default: `crop`. */
  readonly resize?: ResizePolicy | undefined;
  readonly limits?: DecodeLimits | undefined;
  /** Name of the image in errors. Default: its path, or "the image". */
  readonly name?: string | undefined;
}

/** Default resizing: scales to cover the square and keeps the middle. */
export const DEFAULT_RESIZE: ResizePolicy = "crop";
/** Larger images are decoded by sharp, off the main thread. */
const PLAIN_PNG_PIXELS = 2 ** 21;
const WHITE = { r: 255, g: 255, b: 255 };
const STRICT_ATTEMPTS = 4;
/** Usual progressive JPEG files have ten. */
const MOST_SCANS = 100;
/** The upper byte of 4095: if no value is above it, all may have 12 bits. */
const LOW = 15;

/**
 * Decodes an image file or its bytes to a square of RGB pixels.
 * @returns uint8 of length `size * size * 3`, row-major (height, width, channel)
 * @throws {InputError} `IMAGE_MISSING`, `IMAGE_UNSUPPORTED` (another format), `IMAGE_CORRUPT`, `IMAGE_TOO_LARGE` or `IMAGE_SIZE`
 *   (another size with policy `exact`)
 */
export async function decodeImage(input: Uint8Array | string, options: DecodeOptions): Promise<Uint8Array> {
  const name = options.name ?? (typeof input === "string" ? input : "the image");
  return fitImage(await decodePixels(input, options.limits, name), { ...options, name });
}

/** Decodes an image file or its bytes without resizing. @throws {InputError} as {@link decodeImage} */
export async function decodePixels(
  input: Uint8Array | string,
  limits: DecodeLimits = {},
  name = typeof input === "string" ? input : "the image",
  { bitDepth = 16 }: SampleMeaning = {},
): Promise<RgbImage> {
  const bytes = typeof input === "string" ? await readImageFile(input, limits, name) : input;
  if (bytes.length === 0) throw new InputError("IMAGE_CORRUPT", `${name} is an empty file.`);
  mustFitBytes(bytes.length, name, limits);
  const format = imageFormat(bytes);
  if (format === undefined) {
    throw new InputError("IMAGE_UNSUPPORTED", `${name} is not a PNG, JPEG, WebP or TIFF image.`);
  }
  if (format === "png") {
    const most = Math.min(limits.pixels ?? TILE_EDGE ** 2, PLAIN_PNG_PIXELS);
    const plain = await decodePlainPng(bytes, most, limits.immediate);
    if (plain) return plain;
  }
  if (format === "jpeg" && scansOf(bytes) > MOST_SCANS) {
    const message = `${name} is a progressive JPEG of more than ${MOST_SCANS} scans, which would take long to decode; save it as PNG, or as a usual JPEG.`;
    throw new InputError("IMAGE_UNSUPPORTED", message);
  }
  try {
    const sharp = await loadSharp();
    const form = format === "tiff" ? await tiffForm(bytes) : undefined;
    if (form?.kind === "unsupported") {
      const message = `${name} is a TIFF ${form.form}, which is not supported; ${form.remedy}.`;
      throw new InputError("IMAGE_UNSUPPORTED", message);
    }
    // Damaged tiles of a TIFF are decoded to noise unless warnings are errors; other files have harmless warnings.
    const failOn = form?.tiled ? "warning" : "error";
    const image = sharp(bytes, { failOn, autoOrient: true, limitInputPixels: false });
    if (form?.size) {
      mustFitPixels(...form.size, name, limits);
      return await rgb(image, form.dropExtra);
    }
    const metadata = await image.metadata();
    mustFitPixels(metadata.autoOrient.width, metadata.autoOrient.height, name, limits);
    if (metadata.depth === "ushort" && bitDepth < 16) {
      return await shortenValues(image, metadata, { bitDepth, dropExtra: form?.dropExtra, name });
    }
    if (metadata.space === "cmyk" && !metadata.icc) return await plainCmyk(image, metadata);
    const pixels = await rgb(await withEightBitProfile(image, metadata), form?.dropExtra);
    if (metadata.depth !== "ushort") return pixels;
    return pixels.data.some((value) => value > LOW) ? pixels : { ...pixels, lowBits: await usedBits(image) };
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = reasonsOf(error, format);
    const unread = /Unsupported JPEG [^;]*/i.exec(reason)?.[0];
    if (unread) {
      const message = `${name} is in a form that is not supported (${unread}); save it as PNG, or as a usual JPEG.`;
      throw new InputError("IMAGE_UNSUPPORTED", message, { cause: error });
    }
    const detail = reason === "" || /^unknown error$/i.test(reason) ? "" : ` (${reason})`;
    throw new InputError("IMAGE_CORRUPT", `${name} is damaged or cut off${detail}.`, { cause: error });
  }
}

/**
 * Resizes decoded pixels to a square.
 * @returns uint8 of length `size * size * 3`; the same memory if the image has the size already
 * @throws {InputError} `IMAGE_SIZE`
 */
export async function fitImage(
  image: RgbImage,
  { size, resize = DEFAULT_RESIZE, name = "the image" }: Omit<DecodeOptions, "limits">,
): Promise<Uint8Array> {
  if (image.width === size && image.height === size) return image.data;
  if (resize === "exact") {
    const message = `${name} has ${image.width}x${image.height} pixels, but ${size}x${size} are required.`;
    throw new InputError("IMAGE_SIZE", message);
  }
  const fit = ({ stretch: "fill", pad: "contain", crop: "cover" } as const)[resize];
  const source = { width: image.width, height: image.height, channels: 3 } as const;
  const sharp = await loadSharp();
  const scaled = sharp(image.data, { raw: source, limitInputPixels: false });
  return (await rgb(scaled.resize({ width: size, height: size, fit, background: WHITE }))).data;
}

type ImageFormat = "png" | "jpeg" | "webp" | "tiff";

/** The format of an image by its first bytes, or undefined for other formats. */
export function imageFormat(bytes: Uint8Array): ImageFormat | undefined {
  const starts = (...signature: number[]) => signature.every((byte, index) => bytes[index] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "png";
  if (starts(0xff, 0xd8, 0xff)) return "jpeg";
  if (starts(0x52, 0x49, 0x46, 0x46) && Buffer.from(bytes.subarray(8, 12)).toString("latin1") === "WEBP") return "webp";
  const tiff = [42, 43].some((version) => starts(0x49, 0x49, version, 0) || starts(0x4d, 0x4d, 0, version));
  return tiff ? "tiff" : undefined;
}

/**
 * Decodes with warnings as errors, to detect damaged deflate data in a TIFF file, for which the decoder only warns and leaves the tile
 * black. Ignores other warnings, such as about missing tags. Retries when the warning's text is lost, because other images are
 * decoded at the same time.
 */
export async function strictlyFirst<T>(decode: (failOn: "error" | "warning") => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await decode("warning");
    } catch (error) {
      const [first = "", ...others] = error instanceof Error ? error.message.split("\n") : [];
      if (!first.startsWith("Warning treated as error") || /Decoding error/.test(others.join())) throw error;
      if (others.some((line) => line !== "" && !line.startsWith("error in tile"))) return decode("error");
      if (attempt === STRICT_ATTEMPTS) throw error;
    }
  }
}

/** Warnings of the decoder that are not the reason of a failure. */
const HARMLESS = /pseudo-tag|custom tag|Bad value \d+ for|Unknown field|Ignored|contains unsupported image format/;
const MOST_REASONS = 3;

/** What begins the reasons of each format's decoder. Those of images that are decoded at the same time get mixed up. */
const DECODERS: Readonly<Record<ImageFormat, RegExp>> = {
  png: /^(?:vipspng|libpng)/i,
  jpeg: /^vipsjpeg/i,
  webp: /^webp/i,
  tiff: /^tiff/i,
};

/** The reasons of a decoder's error: without warnings, and without repetitions for every row or tile. */
function reasonsOf(error: unknown, format: ImageFormat): string {
  const lines = (error instanceof Error ? error.message : messageOf(error))
    .split("\n")
    .map((line) => line.replace(/^Input buffer has corrupt header:|\bsource input: /g, "").trim());
  const others = Object.entries(DECODERS).flatMap(([name, decoder]) => (name === format ? [] : [decoder]));
  const isOther = (line: string) => others.some((decoder) => decoder.test(line));
  const reasons = [...new Set(lines)].filter((line) => line !== "" && !HARMLESS.test(line) && !isOther(line));
  return reasons.slice(-MOST_REASONS).join("; ");
}

/** Converts 16-bit images with a profile to 8 bits first, because the decoder would not convert them to sRGB. */
async function withEightBitProfile(image: Sharp, { depth, icc, space }: Metadata): Promise<Sharp> {
  if (depth !== "ushort" || !icc || space === "cmyk") return image;
  const sharp = await loadSharp();
  const reduced = image
    .clone()
    .keepIccProfile()
    .toColourspace(space === "grey16" ? "b-w" : "srgb");
  return sharp(await reduced.tiff({ compression: "none" }).toBuffer(), { failOn: "error", limitInputPixels: false });
}

/**
 * Converts CMYK without a profile by the usual formula, `(1 - ink) * (1 - black)`. The decoder assumes the colours of a printing
 * press, up to 126 levels different from other readers.
 */
async function plainCmyk(image: Sharp, { depth }: Metadata): Promise<RgbImage> {
  const inks = image.pipelineColourspace("cmyk").toColourspace("cmyk").raw({ depth: "ushort" });
  const { data: bytes, info } = await inks.toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels !== 4) throw new Error(`${channels} channels of CMYK`);
  const values = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const shift = depth === "ushort" ? 8 : 0;
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < values.length; from += 4) {
    const left = 255 - ((values[from + 3] as number) >> shift);
    for (let ink = 0; ink < 3; ink++) {
      data[to++] = Math.round(((255 - ((values[from + ink] as number) >> shift)) * left) / 255);
    }
  }
  return { width, height, data };
}

/** @param dropExtra ignore the extra sample, which is not transparency */
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
    mustFitBytes(info.size, name, limits);
    return await readFile(path);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) throw new InputError("IMAGE_MISSING", `${name} does not exist.`);
    if (hasErrorCode(error, "EACCES"))
      throw new InputError("IMAGE_MISSING", `${name} may not be read; change its permissions.`);
    throw error;
  }
}
