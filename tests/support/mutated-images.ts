/** @module Images of all containers, and damage of all kinds done to them, from a seed. */
import * as zlib from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { Random } from "../../src/random/index";
import { texture } from "./data-sets";

export interface MutatedImage {
  /** `INDEX-BASE-DAMAGE.EXTENSION` */
  readonly name: string;
  readonly content: Buffer;
}

const SIZE = 40;

/** Whole images by their names, small ones of many forms. */
export async function baseImages(): Promise<ReadonlyMap<string, Buffer>> {
  const image = () => sharp(texture(7, SIZE), { raw: { width: SIZE, height: SIZE, channels: 3 } });
  const deep = () => image().toColourspace("rgb16");
  const alpha = () => image().ensureAlpha(0.6);
  const tiles = { tile: true, tileWidth: 16, tileHeight: 16 } as const;
  const forms: Record<string, Sharp> = {
    "plain.png": image().png(),
    "alpha.png": alpha().png(),
    "deep.png": deep().png(),
    "palette.png": image().png({ palette: true, colours: 16 }),
    "interlaced.png": image().png({ progressive: true }),
    "grey.png": image().toColourspace("b-w").png(),
    "profile.png": image().withIccProfile("p3").png(),
    "exif-profile.png": image().withMetadata({ orientation: 6 }).png(),
    "plain.jpg": image().jpeg(),
    "full.jpg": image().jpeg({ quality: 100, chromaSubsampling: "4:4:4" }),
    "progressive.jpg": image().jpeg({ progressive: true }),
    "grey.jpg": image().toColourspace("b-w").jpeg(),
    "cmyk.jpg": image().toColourspace("cmyk").jpeg(),
    "profile.jpg": image().withIccProfile("p3").jpeg(),
    "exif-profile.jpg": image().withMetadata({ orientation: 8 }).jpeg(),
    "lossy.webp": image().webp(),
    "lossless.webp": image().webp({ lossless: true }),
    "alpha.webp": alpha().webp(),
    "alpha-lossless.webp": alpha().webp({ lossless: true }),
    "none.tif": image().tiff({ compression: "none" }),
    "lzw.tif": image().tiff({ compression: "lzw", predictor: "horizontal" }),
    "deflate.tif": image().tiff({ compression: "deflate", predictor: "none" }),
    "packbits.tif": image().tiff({ compression: "packbits" }),
    "jpeg.tif": image().tiff({ compression: "jpeg" }),
    "tiles-lzw.tif": image().tiff({ compression: "lzw", ...tiles }),
    "tiles-deflate.tif": image().tiff({ compression: "deflate", ...tiles }),
    "tiles-jpeg.tif": image().tiff({ compression: "jpeg", ...tiles }),
    "tiles-none.tif": image().tiff({ compression: "none", ...tiles }),
    "pyramid.tif": image().tiff({ compression: "lzw", pyramid: true, ...tiles }),
    "deep.tif": deep().tiff({ compression: "lzw" }),
    "alpha.tif": alpha().tiff({ compression: "deflate" }),
    "cmyk.tif": image().toColourspace("cmyk").tiff({ compression: "lzw" }),
    "fax.tif": image().toColourspace("b-w").tiff({ compression: "ccittfax4", bitdepth: 1 }),
    "big.tif": image().tiff({ compression: "lzw", bigtiff: true }),
    "profile.tif": image().withIccProfile("p3").tiff({ compression: "lzw" }),
  };
  const written = Object.entries(forms).map(async ([name, form]) => [name, await form.toBuffer()] as const);
  return new Map(await Promise.all(written));
}

/** The `index`th damaged image of a seed. */
export function mutatedImage(bases: ReadonlyMap<string, Buffer>, seed: number, index: number): MutatedImage {
  const random = new Random(seed, `image-${index}`);
  const base = random.pick([...bases.keys()]);
  const damage = random.pick(CHOICES);
  let content: Buffer = Buffer.from(bases.get(base) as Buffer);
  content = (DAMAGES[damage] as Damage)(content, random, bases);
  // Some are damaged twice.
  if (random.next() < 0.2) content = bytes(content, random);
  if (base.endsWith(".png") && random.next() < 0.7) content = withChecksums(content);
  const [stem, extension] = base.split(".");
  return { name: `${index}-${stem}-${damage}.${extension}`, content };
}

/** Small damage more often than the rest: much of it goes unnoticed. */
const CHOICES = [
  "bit",
  "bit",
  "bit",
  "field",
  "field",
  "bytes",
  "header",
  "cut",
  "hole",
  "zeros",
  "block",
  "inserted",
  "extreme",
  "joined",
];

type Damage = (content: Buffer, random: Random, bases: ReadonlyMap<string, Buffer>) => Buffer;

const DAMAGES: Readonly<Record<string, Damage>> = {
  bytes,
  header: (content, random) => {
    for (let i = 1 + random.integer(4); i > 0; i--)
      content[random.integer(Math.min(content.length, 160))] = random.integer(256);
    return content;
  },
  bit: (content, random) => {
    const at = random.integer(content.length);
    content[at] = (content[at] as number) ^ (1 << random.integer(8));
    return content;
  },
  cut: (content, random) => content.subarray(0, random.integer(content.length)),
  hole: (content, random) => {
    const [at, length] = [random.integer(content.length), random.integer(400)];
    return Buffer.concat([content.subarray(0, at), content.subarray(at + length)]);
  },
  zeros: (content, random) => content.fill(0, random.integer(content.length)),
  block: (content, random) => {
    const [from, to, length] = [random.integer(content.length), random.integer(content.length), random.integer(200)];
    content.copyWithin(to, from, from + length);
    return content;
  },
  inserted: (content, random) => {
    const at = random.integer(content.length);
    const noise = Buffer.from(Array.from({ length: 1 + random.integer(60) }, () => random.integer(256)));
    return Buffer.concat([content.subarray(0, at), noise, content.subarray(at)]);
  },
  extreme: (content, random) => {
    const at = random.integer(Math.max(1, content.length - 4));
    const value = random.pick([0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff, 65536]);
    if (random.next() < 0.5) content.writeUInt32LE(value, at);
    else content.writeUInt32BE(value, at);
    return content;
  },
  joined: (content, random, bases) => {
    const other = bases.get(random.pick([...bases.keys()])) as Buffer;
    return Buffer.concat([
      content.subarray(0, random.integer(content.length)),
      other.subarray(random.integer(other.length)),
    ]);
  },
  field: (content, random) => {
    const fields = tagFields(content);
    if (fields.length === 0) return bytes(content, random);
    for (let i = 1 + random.integer(2); i > 0; i--) {
      const at = random.pick(fields);
      const value = random.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 32, 64, 255, 256, 1000, 32773, 50000, 65535]);
      content.writeUInt16LE(value, at + random.pick([0, 2, 4, 8, 8, 8, 8]));
    }
    return content;
  },
};

function bytes(content: Buffer, random: Random): Buffer {
  for (let i = 1 + random.integer(12); i > 0 && content.length > 0; i--) {
    content[random.integer(content.length)] = random.integer(256);
  }
  return content;
}

/** Where the entries of a little-endian TIFF's first page lie. */
function tagFields(content: Buffer): number[] {
  if (content.length < 8 || content.toString("latin1", 0, 4) !== "II*\0") return [];
  const start = content.readUInt32LE(4);
  if (start + 2 > content.length) return [];
  const count = Math.min(content.readUInt16LE(start), Math.floor((content.length - start - 2) / 12));
  return Array.from({ length: count }, (_, i) => start + 2 + 12 * i);
}

/** Right checksums for the chunks of a PNG, so that what was changed is looked at. */
function withChecksums(content: Buffer): Buffer {
  for (let at = 8; at + 12 <= content.length; ) {
    const end = at + 12 + content.readUInt32BE(at);
    if (end > content.length) break;
    content.writeUInt32BE(zlib.crc32(content.subarray(at + 4, end - 4)), end - 4);
    at = end;
  }
  return content;
}
