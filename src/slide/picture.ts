/**
 * @module Converts pictures that can only be read from the top down (PNG, JPEG, WebP, TIFF in one piece) to a lossless
 * tiled pyramid in a file, row by row in bounded memory.
 */
import { dirname } from "node:path";
import type { Metadata, Sharp } from "sharp";
import { HistoError, hasErrorCode, InputError, messageOf } from "../errors/index";
import { strictlyFirst } from "../image/index";
import { claimedScale, type Resolution } from "./scale";
import type { SlideInfo } from "./types";

/** What the tags of a TIFF file say about its picture. Plain data. */
export interface TiffPicture {
  /** The page with the picture. */
  readonly page: number;
  /** Whether there is a sample behind the colours that is not transparency. */
  readonly dropExtra: boolean;
  readonly resolution: Resolution;
}

const TILE = 256;
const MICROMETRES_PER_INCH = 25_400;

/** Reads the header of a picture. @throws {InputError} `SLIDE_UNSUPPORTED` */
export async function pictureInfo(path: string, tiff?: TiffPicture): Promise<SlideInfo> {
  const { default: sharp } = await import("sharp");
  try {
    const options = { page: tiff?.page ?? 0, limitInputPixels: false };
    const { format, autoOrient, density } = await sharp(path, options).metadata();
    const { width, height } = autoOrient;
    const mpp = MICROMETRES_PER_INCH / (density ?? Number.NaN);
    return {
      path,
      vendor: "picture",
      reader: "picture",
      compression: format,
      levels: [{ width, height, downsample: 1, tileWidth: width, tileHeight: 1 }],
      // Most densities of pictures mean nothing (72 for a screen), so wrong ones need no remark.
      ...(tiff ? tiff.resolution : { ...claimedScale(mpp, mpp), remarks: [] }),
    };
  } catch (error) {
    throw new InputError("SLIDE_UNSUPPORTED", `${path} is not a readable slide or picture: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Writes a picture as a tiled pyramid, lossless, with transparency on white. A reader that applies colour profiles finds the pixels
 * that the picture has when it is decoded as an image.
 * @param out the new file
 * @throws {InputError} `SLIDE_CORRUPT` if it is damaged or truncated; {HistoError} `DISK_FULL`
 */
export async function cutIntoTiles(path: string, out: string, tiff?: TiffPicture): Promise<void> {
  const { default: sharp } = await import("sharp");
  try {
    const options = { page: tiff?.page ?? 0, limitInputPixels: false, autoOrient: true };
    const metadata = await sharp(path, options).metadata();
    const { format } = metadata;
    const convert = (failOn: "error" | "warning") =>
      inReadableColours(sharp(path, { ...options, failOn }), metadata, tiff?.dropExtra)
        .tiff({ tile: true, tileWidth: TILE, tileHeight: TILE, pyramid: true, compression: "deflate", bigtiff: true })
        .toFile(out);
    await (format === "tiff" ? strictlyFirst(convert) : convert("error"));
  } catch (error) {
    if (hasErrorCode(error, "ENOSPC") || /no space left/i.test(messageOf(error))) {
      const toClient = "The server has no space left for the tiles of the picture.";
      throw new HistoError("DISK_FULL", `${dirname(out)}: no space left for the tiles of ${path}.`, {
        cause: error,
        toClient,
      });
    }
    const reason = [...new Set(messageOf(error).split("; "))].join("; ");
    throw new InputError("SLIDE_CORRUPT", `${path} is damaged or cut off (${reason}).`, { cause: error });
  }
}

/** Colours that the reader of the tiles converts in the way of all images, where sharp itself would convert them in another. */
function inReadableColours(image: Sharp, { depth, space, icc }: Metadata, dropExtra = false): Sharp {
  if (space === "cmyk" && !icc) return image.pipelineColourspace("cmyk").toColourspace("cmyk");
  const opaque = dropExtra ? image.removeAlpha() : image.flatten({ background: "white" });
  if (depth !== "ushort") return opaque.toColourspace("srgb");
  // Values of 16 bits are not converted by their profile: the tiles keep it, in 8 bits.
  if (icc && space !== "cmyk") return opaque.keepIccProfile().toColourspace(space === "grey16" ? "b-w" : "srgb");
  return opaque.toColourspace("rgb16");
}
