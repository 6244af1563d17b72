/**
 * @module Checks the tags of a TIFF file's first page before decoding, because the decoder misreads some forms and reports others as
 * damaged.
 * @see https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
 */
import { first, firstPages, numbers, TAG, type Tags, text } from "./directory";

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

const FORM_TAGS: ReadonlySet<number> = new Set([
  ...[TAG.width, TAG.height, TAG.bits, TAG.compression, TAG.photometric, TAG.samples, TAG.planar],
  ...[TAG.tileWidth, TAG.extra, TAG.sampleFormat],
]);

const JPEG = 7;
/** None, CCITT (three forms), LZW, JPEG, deflate (two numbers), PackBits. The decoder may decode others to noise. */
const READ_COMPRESSIONS = [1, 2, 3, 4, 5, JPEG, 8, 32773, 32946];
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

const GREY: readonly number[] = [0, 1];
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

/**
 * Checks the first page of a TIFF or BigTIFF file, and that it is not one of several layers.
 * @returns undefined if the tags cannot be read; the decoder reports why
 */
export async function tiffForm(bytes: Uint8Array): Promise<TiffForm | undefined> {
  try {
    const pages = await firstPages(bytes, FORM_TAGS);
    if (!pages) return undefined;
    if (!areLayers(...pages) || (await haveOneChannel(bytes))) return formOf(pages[0]);
    const remedy = "save it as one page, with RGB colours if these are its channels";
    return { kind: "unsupported", form: "of several grey pages of one size", remedy };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Whether two pages are grey and of one size: channels (ImageJ stores them so) or layers, of which one is not the image. */
function areLayers(page: Tags, second?: Tags): boolean {
  const isGrey = (tags: Tags) =>
    GREY.includes(first(tags, TAG.photometric) ?? -1) && (first(tags, TAG.samples) ?? 1) === 1;
  if (!second || !isGrey(page) || !isGrey(second)) return false;
  return [TAG.width, TAG.height].every((tag) => first(page, tag) === first(second, tag));
}

/** Whether the description says that the pages are depths or times of one channel. ImageJ's "RGB Stack" has three slices. */
async function haveOneChannel(bytes: Uint8Array): Promise<boolean> {
  const pages = await firstPages(bytes, new Set([TAG.description]));
  const description = pages ? text(pages[0], TAG.description) : "";
  if (!description.startsWith("ImageJ=")) return /\bSizeC="1"/.test(description);
  return /^(slices|frames)=/m.test(description) && !/^(channels|slices=3$)/m.test(description);
}

/** Checks the tags of a page; undefined if they describe none. */
export function formOf(tags: Tags): TiffForm | undefined {
  const one = (tag: number, fallback: number) => first(tags, tag) ?? fallback;
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
  const format = numbers(tags, TAG.sampleFormat).find((number) => number in FORMAT_NAMES);
  if (format !== undefined) {
    return unsupported(`of ${FORMAT_NAMES[format]}, whose scale is not known`, "save it with 8 or 16 bits per sample");
  }
  const bits = tags.has(TAG.bits) ? numbers(tags, TAG.bits) : [1];
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
