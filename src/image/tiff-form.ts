/**
 * @module Checks the tags of a TIFF file's first page before decoding, because the decoder misreads some forms and reports others as
 * damaged.
 * @see https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
 */

/** How to use the decoder's samples, or why the form is not supported. */
type TiffForm =
  | {
      readonly kind: "readable";
      /** There is an extra sample that is not transparency. */
      readonly dropExtra: boolean;
      readonly tiled: boolean;
      /** Of a page whose pixels need no further look: 8 bits a sample, no inks. */
      readonly size?: readonly [width: number, height: number];
    }
  | { readonly kind: "unsupported"; readonly form: string; readonly remedy: string };

const TAG = {
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  samples: 277,
  planar: 284,
  tileWidth: 322,
  extra: 338,
  format: 339,
} as const;

/** Bytes of a value by the number of its type, for the types of these tags. */
const VALUE_BYTES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 16: 8 };

const JPEG = 7;
/** None, CCITT (three forms), LZW, JPEG, deflate (two numbers), PackBits. The decoder may decode others to noise. */
const READ_COMPRESSIONS = [1, 2, 3, 4, 5, JPEG, 8, 32773, 32946];
/** Names of other usual schemes. */
const COMPRESSION_NAMES: Readonly<Record<number, string>> = {
  6: "JPEG of the old kind",
  33003: "JPEG 2000",
  33004: "JPEG 2000",
  33005: "JPEG 2000",
  34676: "SGI LogLuv",
  34677: "SGI LogLuv",
  34712: "JPEG 2000",
  34887: "LERC",
  34892: "lossy JPEG (DNG)",
  34925: "LZMA",
  34933: "PNG",
  34934: "JPEG XR",
  34926: "Zstandard",
  34927: "WebP",
  50000: "Zstandard",
  50001: "WebP",
  50002: "JPEG XL",
  52546: "JPEG XL",
};

const CMYK = 5;
const PALETTE = 3;
const YCBCR = 6;
/** Colour samples by supported photometric interpretation: grey (two kinds), RGB, palette, CMYK, YCbCr. */
const COLOURS: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3 };
const COLOUR_NAMES: Readonly<Record<number, string>> = {
  ...{ 4: "as a mask", 8: "with CIELAB colours", 9: "with CIELAB colours", 10: "with CIELAB colours" },
  ...{ 32803: "with a colour filter array", 32844: "with LogL values", 32845: "with LogLuv colours" },
};
/** Supported bits per sample, for one and for more samples per pixel. */
const READ_BITS = { one: [1, 2, 4, 8, 16], more: [8, 16] };
/** Values of the tag SampleFormat, besides unsigned integers (1) and undefined (4). */
const FORMAT_NAMES: Readonly<Record<number, string>> = {
  ...{ 2: "signed numbers", 3: "floating-point numbers", 5: "complex whole numbers", 6: "complex numbers" },
};
const REAL_ALPHA = [1, 2];
/** Files with more entries are damaged. */
const MOST_ENTRIES = 4096;

/**
 * Checks the first page of a TIFF or BigTIFF file.
 * @returns undefined if the tags cannot be read; the decoder reports why
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
  // Without size it is not a page.
  if (one(TAG.width, 0) === 0 || one(TAG.height, 0) === 0) return undefined;
  const unsupported = (form: string, remedy = "save it as PNG, or as TIFF with LZW compression"): TiffForm => {
    return { kind: "unsupported", form, remedy };
  };
  const compression = one(TAG.compression, 1);
  if (!READ_COMPRESSIONS.includes(compression)) {
    return unsupported(`compressed with ${COMPRESSION_NAMES[compression] ?? `a scheme of number ${compression}`}`);
  }
  const photometric = one(TAG.photometric, -1);
  const colours = COLOURS[photometric];
  if (colours === undefined) {
    const usual = photometric < 0 ? "that does not say what its colours are" : `of colours of the kind ${photometric}`;
    return unsupported(COLOUR_NAMES[photometric] ?? usual, "save it with RGB colours");
  }
  const samples = one(TAG.samples, 1);
  const format = tags.get(TAG.format)?.find((number) => number in FORMAT_NAMES);
  if (format !== undefined) {
    return unsupported(`of ${FORMAT_NAMES[format]}, whose scale is not known`, "save it with 8 or 16 bits per sample");
  }
  const bits = tags.get(TAG.bits) ?? [1];
  const read = samples === 1 ? READ_BITS.one : READ_BITS.more;
  const odd = bits.find((depth) => !read.includes(depth) || depth !== bits[0]);
  if (odd !== undefined) return unsupported(`of ${odd} bits per sample`, "save it with 8 or 16 bits per sample");
  if (photometric === YCBCR && compression !== JPEG) {
    return unsupported("with YCbCr colours and no JPEG compression", "save it with RGB colours");
  }
  if (photometric === PALETTE && compression === JPEG) {
    // JPEG changes values a little, and each stands for any colour.
    return unsupported("with a palette and JPEG compression", "save it with RGB colours");
  }
  const inPlanes = samples > 1 && one(TAG.planar, 1) === 2;
  if (inPlanes && tags.has(TAG.tileWidth)) {
    return unsupported("tiled with a plane for each colour", "save it with interleaved colours, or without tiles");
  }
  if (inPlanes && samples === 2) {
    // The decoder mixes the planes up. @see findings/sharp-two-planes.sh
    return unsupported("of grey with a second channel in a plane of its own", "save it with interleaved channels");
  }
  const extra = samples - colours;
  if (extra > 1 || samples > 4) {
    return unsupported(`of ${samples} samples per pixel`, "save only the three colour channels, as RGB");
  }
  const dropExtra = extra === 1 && !REAL_ALPHA.includes(one(TAG.extra, 0));
  const plain = bits[0] === 8 && photometric !== CMYK;
  return {
    kind: "readable",
    dropExtra,
    tiled: tags.has(TAG.tileWidth),
    ...(plain && { size: [one(TAG.width, 0), one(TAG.height, 0)] }),
  };
}

/** Values of the tags in {@link TAG}. @throws {RangeError} if the file is truncated or an offset is invalid */
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
    // No tag here needs more values than a page has samples; a few are enough.
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
