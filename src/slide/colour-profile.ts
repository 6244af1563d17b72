/**
 * @module The colour profile (ICC) of a slide. Readers ignore it, as OpenSlide, QuPath and tifffile do. Some programs write it
 * into the tiles that they cut, and image files are decoded to sRGB by theirs: for models trained on such tiles it is applied.
 * @see https://www.color.org/specification/ICC.1-2022-05.pdf
 */
import { decodePixels, type RgbImage } from "../image/index";
import { TAG } from "../image/tiff/index";
import { memoryFor } from "./assemble";
import { type TiffEntry, tiffFile } from "./tiff/write-tiff";
import type { Rectangle, SlideInfo, SlideReader } from "./types";

export type ProfileUse = "ignore" | "apply";

/** Photometric interpretation and samples of a TIFF file, by the colours of its profile. */
const FORMS: Readonly<Record<string, { readonly photometric: number; readonly samples: number }>> = {
  "RGB ": { photometric: 2, samples: 3 },
  GRAY: { photometric: 1, samples: 1 },
};
const TAGS_AT = 128;
const TAG_BYTES = 12;
/** `desc`, the tag of the name. */
const NAME = 0x6465_7363;

/** The name that a profile gives itself; `unnamed` if it does not. */
export function profileName(profile: Buffer): string {
  try {
    for (let i = 0; i < profile.readUInt32BE(TAGS_AT); i++) {
      const entry = TAGS_AT + 4 + TAG_BYTES * i;
      // Throws where a damaged profile has fewer bytes than tags.
      if (profile.readUInt32BE(entry) !== NAME) continue;
      const name = textAt(profile, profile.readUInt32BE(entry + 4));
      return name.replace(/[\p{Cc}\p{Cf}]/gu, "").trim() || "unnamed";
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return "unnamed";
}

/** Text of the old kind (ASCII), or the first of the new one (UTF-16 in several languages). */
function textAt(profile: Buffer, at: number): string {
  if (latin(profile, at, 4) !== "mluc") return latin(profile, at + 12, profile.readUInt32BE(at + 8));
  const start = at + profile.readUInt32BE(at + 24);
  const bytes = Buffer.from(profile.subarray(start, start + profile.readUInt32BE(at + 20)));
  return bytes.length % 2 === 0 ? bytes.swap16().toString("utf16le") : "";
}

function latin(bytes: Buffer, at: number, length: number): string {
  return bytes.toString("latin1", at, at + length);
}

/**
 * A reader whose pixels are converted by the slide's profile to sRGB, each region as if it were an image file with this
 * profile. The same reader for a slide without one, or with one of colours that readers convert to RGB (CMYK).
 */
export function withProfileApplied(reader: SlideReader): SlideReader {
  const { profile } = reader;
  return profile && latin(profile, 16, 4) in FORMS ? new ConvertedReader(reader, profile) : reader;
}

class ConvertedReader implements SlideReader {
  constructor(
    private readonly reader: SlideReader,
    readonly profile: Buffer,
  ) {}

  get info(): SlideInfo {
    return this.reader.info;
  }

  async readRegions(level: number, regions: readonly Rectangle[], into?: Buffer): Promise<(RgbImage | Error)[]> {
    const images = await this.reader.readRegions(level, regions);
    const memory = memoryFor(regions, into);
    return Promise.all(
      images.map(async (image, i) => {
        if (image instanceof Error) return image;
        const converted = await decodePixels(tiffOf(image, this.profile), {
          bytes: Number.POSITIVE_INFINITY,
          pixels: Number.POSITIVE_INFINITY,
        });
        memory[i]?.set(converted.data);
        return converted;
      }),
    );
  }

  close(): Promise<void> {
    return this.reader.close();
  }
}

/** A TIFF file of one strip with a colour profile. */
function tiffOf({ width, height, data }: RgbImage, profile: Buffer): Buffer {
  const { photometric, samples } = FORMS[latin(profile, 16, 4)] as (typeof FORMS)[string];
  const pixels = samples === 3 ? data : data.filter((_, i) => i % 3 === 0);
  const entries: TiffEntry[] = [
    [TAG.width, 4, [width]],
    [TAG.height, 4, [height]],
    [TAG.bits, 3, Array.from({ length: samples }, () => 8)],
    [TAG.compression, 3, [1]],
    [TAG.photometric, 3, [photometric]],
    [TAG.samples, 3, [samples]],
    [TAG.rowsPerStrip, 4, [height]],
    [TAG.planar, 3, [1]],
    [TAG.profile, 7, profile],
  ];
  return tiffFile(entries, [pixels], { little: true, tiled: false });
}
