/**
 * @module What a TIFF file says of its first page, read before it is decoded: the general decoder takes some forms for others,
 * and of those that it cannot read it says no more than of damaged ones.
 * @see https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
 */

/** How the decoder's samples are to be taken, or why the form is not read. */
export type TiffForm =
  | {
      readonly kind: "readable" /** A sample beside the colours that is no transparency. */;
      readonly dropExtra: boolean;
    }
  | { readonly kind: "unsupported"; readonly form: string; readonly remedy: string };

const TAG = {
  bits: 258,
  compression: 259,
  photometric: 262,
  samples: 277,
  planar: 284,
  tileWidth: 322,
  extra: 338,
} as const;

/** Bytes of a value by its type's number; types that no tag here has are left out. */
const VALUE_BYTES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 16: 8 };

const UNREAD_COMPRESSIONS: Readonly<Record<number, string>> = {
  33003: "JPEG 2000",
  33004: "JPEG 2000",
  33005: "JPEG 2000",
  34676: "SGI LogLuv",
  34677: "SGI LogLuv",
  34712: "JPEG 2000",
  34887: "LERC",
  34892: "lossy JPEG (DNG)",
  34925: "LZMA",
  34926: "Zstandard",
  34927: "WebP",
  50000: "Zstandard",
  50001: "WebP",
  50002: "JPEG XL",
  52546: "JPEG XL",
};

const CIELAB = [8, 9, 10];
const YCBCR = 6;
const JPEG_COMPRESSIONS = [6, 7];
const READ_BITS = [1, 2, 4, 8, 16, 32, 64];
/** Colour samples by photometric interpretation: grey (either way), RGB, palette, mask, CMYK, YCbCr, CIELAB. */
const COLOURS: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 3, 3: 1, 4: 1, 5: 4, 6: 3, 8: 3, 9: 3, 10: 3 };
const REAL_ALPHA = [1, 2];
/** More entries than any page has: damaged. */
const MOST_ENTRIES = 4096;

/**
 * Judges the first page of a TIFF or BigTIFF file by its tags.
 * @returns undefined where the tags cannot be read: the decoder says what is wrong
 */
export function tiffForm(bytes: Uint8Array): TiffForm | undefined {
  let tags: ReadonlyMap<number, readonly number[]>;
  try {
    tags = firstPageTags(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  const one = (tag: number, fallback: number) => tags.get(tag)?.[0] ?? fallback;
  const photometric = tags.get(TAG.photometric)?.[0];
  if (photometric === undefined) return undefined;
  const unsupported = (form: string, remedy = "save it as PNG, or as TIFF with LZW compression"): TiffForm => {
    return { kind: "unsupported", form, remedy };
  };
  const compression = one(TAG.compression, 1);
  const scheme = UNREAD_COMPRESSIONS[compression];
  if (scheme) return unsupported(`compressed with ${scheme}`);
  const bits = tags.get(TAG.bits) ?? [1];
  const odd = bits.find((depth) => !READ_BITS.includes(depth));
  if (odd !== undefined) return unsupported(`of ${odd} bits a sample`, "save it with 8 or 16 bits a sample");
  if (CIELAB.includes(photometric) && bits[0] !== 16) {
    return unsupported("with CIELAB colours", "save it with RGB colours");
  }
  if (photometric === YCBCR && !JPEG_COMPRESSIONS.includes(compression)) {
    return unsupported("with YCbCr colours and no JPEG compression", "save it with RGB colours");
  }
  const samples = one(TAG.samples, 1);
  if (samples > 1 && one(TAG.planar, 1) === 2 && tags.has(TAG.tileWidth)) {
    return unsupported("tiled with a plane for each colour", "save it with interleaved colours, or without tiles");
  }
  const extra = samples - (COLOURS[photometric] ?? samples);
  if (extra > 1 || samples > 4) {
    return unsupported(`of ${samples} samples a pixel`, "save the three colour channels alone as RGB");
  }
  return { kind: "readable", dropExtra: extra === 1 && !REAL_ALPHA.includes(one(TAG.extra, 0)) };
}

/** Values of the tags named in {@link TAG}. @throws {RangeError} where the file ends too early or an offset leads outside */
function firstPageTags(bytes: Uint8Array): Map<number, readonly number[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const big = view.getUint16(2, little) === 43;
  const wanted = new Set<number>(Object.values(TAG));
  const integer = (at: number, size: number): number => {
    if (size === 8) return Number(view.getBigUint64(at, little));
    if (size === 4) return view.getUint32(at, little);
    return size === 2 ? view.getUint16(at, little) : view.getUint8(at);
  };
  const word = big ? 8 : 4;
  const start = integer(big ? 8 : 4, word);
  const count = integer(start, big ? 8 : 2);
  if (count > MOST_ENTRIES) throw new RangeError("too many tags");
  const tags = new Map<number, readonly number[]>();
  for (let i = 0; i < count; i++) {
    const entry = start + (big ? 8 : 2) + i * (big ? 20 : 12);
    const tag = integer(entry, 2);
    const size = VALUE_BYTES[integer(entry + 2, 2)];
    if (!wanted.has(tag) || size === undefined) continue;
    // No tag here needs more values than a page has samples; a few are enough to judge by.
    const values = Math.min(integer(entry + 4, word), 16);
    const inline = entry + 4 + word;
    const at = integer(entry + 4, word) * size <= word ? inline : integer(inline, word);
    tags.set(
      tag,
      Array.from({ length: values }, (_, k) => integer(at + k * size, size)),
    );
  }
  return tags;
}
