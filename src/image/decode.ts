/**
 * @module From the bytes of an image file to RGB pixels, the same way for training and serving.
 *
 * PNG, JPEG, WebP and TIFF (first page), recognised by content, not by name. Grey becomes three equal channels, 16 bits
 * become 8 (the upper byte), palettes are resolved, transparency is laid on white (the colour of an empty slide), CMYK and
 * embedded ICC profiles are converted to sRGB, EXIF orientation is applied. Files that are cut off, or damaged so that the decoder
 * notices, are errors, and so are TIFF files of other numbers than 8 or 16 bits or of a form that the decoder does not read right.
 */
import { readFile, stat } from "node:fs/promises";
import type { Metadata, Sharp } from "sharp";
import { hasErrorCode, InputError, messageOf } from "../errors/index";
import { shortenValues, usedBits } from "./bit-depth";
import { type DecodeLimits, mustFitBytes, mustFitPixels, TILE_EDGE } from "./limits";
import { decodePlainPng } from "./png";
import type { ResizePolicy } from "./preprocessing";
import type { RgbImage } from "./rgb-image";
import { tiffForm } from "./tiff-form";

/** How the values of a file are meant, where the file does not say. */
export interface SampleMeaning {
  /** Bits that the values of 16-bit files use, 8 to 16. Default 16: the whole range. Other files stay as they are. */
  readonly bitDepth?: number | undefined;
}

interface DecodeOptions {
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
/** Larger images go to the general decoder, which works off the main thread. */
const PLAIN_PNG_PIXELS = 2 ** 21;
const WHITE = { r: 255, g: 255, b: 255 };
const STRICT_ATTEMPTS = 4;
/** The upper byte of 4095: where no value is above, all of them may be of 12 bits. */
const LOW = 15;

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
  try {
    const sharp = await generalDecoder();
    const form = format === "tiff" ? tiffForm(bytes) : undefined;
    if (form?.kind === "unsupported") {
      throw new InputError("IMAGE_UNSUPPORTED", `${name} is a TIFF ${form.form}, which is not read; ${form.remedy}.`);
    }
    // Damaged tiles of a TIFF come through as noise unless warnings count; other files have harmless warnings.
    const failOn = form?.tiled ? "warning" : "error";
    const image = sharp(bytes, { failOn, autoOrient: true, limitInputPixels: false });
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
    const reason = onceEach(error);
    const unread = /Unsupported JPEG [^;]*/i.exec(reason)?.[0];
    if (unread) {
      const message = `${name} is in a form that is not read (${unread}); save it as PNG, or as a usual JPEG.`;
      throw new InputError("IMAGE_UNSUPPORTED", message, { cause: error });
    }
    const detail = reason === "" || /^unknown error$/i.test(reason) ? "" : ` (${reason})`;
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

/**
 * Damaged deflate data of a TIFF file is no more than a warning to the decoder, which leaves the tile black. Other warnings,
 * such as of tags that a careless program left out, are none of ours. What the warning was gets lost where other images are
 * decoded at the same time; then it is asked again.
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

/** What the decoder says beside what it fails on. */
const HARMLESS = /pseudo-tag|custom tag|Bad value \d+ for|Unknown field|Ignored|contains unsupported image format/;
const MOST_REASONS = 3;

/** The decoder says the same of every row or tile, and tells of odd tags besides. */
function onceEach(error: unknown): string {
  const lines = (error instanceof Error ? error.message : messageOf(error))
    .split("\n")
    .map((line) => line.replace(/^Input buffer has corrupt header:|\bsource input: /g, "").trim());
  const reasons = [...new Set(lines)].filter((line) => line !== "" && !HARMLESS.test(line));
  return reasons.slice(-MOST_REASONS).join("; ");
}

/** The decoder leaves 16-bit images with a profile in another colour space, or unchanged: they become 8-bit ones first. */
async function withEightBitProfile(image: Sharp, { depth, icc, space }: Metadata): Promise<Sharp> {
  if (depth !== "ushort" || !icc || space === "cmyk") return image;
  const sharp = await generalDecoder();
  const reduced = image
    .clone()
    .keepIccProfile()
    .toColourspace(space === "grey16" ? "b-w" : "srgb");
  return sharp(await reduced.tiff({ compression: "none" }).toBuffer(), { failOn: "error", limitInputPixels: false });
}

/**
 * Colours of a device that nobody knows: what is usual, `(1 - ink) * (1 - black)`. The decoder would take them for those of a
 * printing press, which is up to 126 levels off what other readers give.
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
    mustFitBytes(info.size, name, limits);
    return await readFile(path);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) throw new InputError("IMAGE_MISSING", `${name} does not exist.`);
    if (hasErrorCode(error, "EACCES"))
      throw new InputError("IMAGE_MISSING", `${name} may not be read; change its permissions.`);
    throw error;
  }
}
