/** @module Slides made in a test: TIFF pyramids written tag by tag, in forms that sharp does not write. */
import { readFile, writeFile } from "node:fs/promises";
import { deflateSync } from "node:zlib";
import type { RgbImage } from "../../src/image/index";
import { Random } from "../../src/random/index";

export interface SlideForm {
  readonly tile?: number;
  readonly deflate?: boolean;
  readonly bigEndian?: boolean;
  readonly bigTiff?: boolean;
  /** A plane for each colour. */
  readonly planar?: boolean;
  /** Bits of a value; 12 in words of 16, as cameras write them. */
  readonly bits?: 8 | 12 | 16;
  /** What numbers the samples are: 1, unless told, for unsigned ones. */
  readonly sampleFormat?: number;
  /** ImageDescription. */
  readonly description?: string;
  /** Colour profile (ICC). */
  readonly profile?: Buffer;
  /** Smaller levels lie below level 0, as in OME-TIFF, not behind it. */
  readonly subPages?: boolean;
  /** Tiles of level 0, row by row, that the file does not have. */
  readonly absent?: readonly number[];
  /** Pixels per centimetre, in both directions unless the other is given. */
  readonly density?: number;
  readonly densityY?: number;
}

type Value = readonly [tag: number, type: 2 | 3 | 4 | 5 | 7, values: readonly number[]];
const BYTES = { 2: 1, 3: 2, 4: 4, 5: 8, 7: 1 } as const;

/** Writes a tiled pyramid; the first level is the largest. */
export async function writeSlide(path: string, levels: readonly RgbImage[], form: SlideForm = {}): Promise<string> {
  const parts: Buffer[] = [];
  let at = 0;
  const append = (buffer: Buffer): number => {
    const offset = at;
    const padded = buffer.length % 8 === 0 ? buffer : Buffer.concat([buffer, Buffer.alloc(8 - (buffer.length % 8))]);
    parts.push(padded);
    at += padded.length;
    return offset;
  };
  const number = (value: number, size: number) => {
    const buffer = Buffer.alloc(size);
    if (size === 8) form.bigEndian ? buffer.writeBigUInt64BE(BigInt(value)) : buffer.writeBigUInt64LE(BigInt(value));
    else form.bigEndian ? buffer.writeUIntBE(value, 0, size) : buffer.writeUIntLE(value, 0, size);
    return buffer;
  };
  const word = form.bigTiff ? 8 : 4;
  append(Buffer.alloc(16));
  const tags = levels.map((level, i) => pageTags(level, i, form, append));
  /** Writes pages last first, so that each knows where the next one is. */
  const directory = (values: readonly Value[], next: number): number => {
    const entries = values.map(([tag, type, list]) => {
      const raw = Buffer.concat(
        list.flatMap((value) =>
          type === 5 ? [number(Math.round(value * 100), 4), number(100, 4)] : [number(value, BYTES[type])],
        ),
      );
      const field = Buffer.alloc(word);
      if (raw.length <= word) raw.copy(field);
      else number(append(raw), word).copy(field);
      return Buffer.concat([number(tag, 2), number(type, 2), number(list.length, word), field]);
    });
    return append(Buffer.concat([number(values.length, form.bigTiff ? 8 : 2), ...entries, number(next, word)]));
  };
  const [base, ...smaller] = tags as [Value[], ...Value[][]];
  let first: number;
  if (form.subPages) {
    const offsets = smaller.map((values) => directory(values, 0));
    first = directory(
      [...base, [330, 4, offsets] as Value].sort(([a], [b]) => a - b),
      0,
    );
  } else {
    let next = 0;
    for (const values of smaller.reverse()) next = directory(values, next);
    first = directory(base, next);
  }
  const file = Buffer.concat(parts);
  file.write(form.bigEndian ? "MM" : "II", "latin1");
  number(form.bigTiff ? 43 : 42, 2).copy(file, 2);
  if (form.bigTiff) {
    number(8, 2).copy(file, 4);
    number(first, 8).copy(file, 8);
  } else number(first, 4).copy(file, 4);
  await writeFile(path, file);
  return path;
}

function pageTags({ width, height, data }: RgbImage, level: number, form: SlideForm, append: (b: Buffer) => number) {
  const { tile = 64, bits = 8, planar = false, density = 20_000, densityY = density } = form;
  const [across, down] = [Math.ceil(width / tile), Math.ceil(height / tile)];
  const offsets: number[] = [];
  const bytes: number[] = [];
  for (let plane = 0; plane < (planar ? 3 : 1); plane++) {
    for (let place = 0; place < across * down; place++) {
      if (level === 0 && form.absent?.includes(place)) {
        offsets.push(0);
        bytes.push(0);
        continue;
      }
      const channels = planar ? [plane] : [0, 1, 2];
      const samples: number[] = [];
      for (let y = 0; y < tile; y++) {
        for (let x = 0; x < tile; x++) {
          const [px, py] = [(place % across) * tile + x, Math.floor(place / across) * tile + y];
          // Beyond the edge a tile may hold anything.
          const inside = px < width && py < height;
          for (const channel of channels) samples.push(inside ? (data[(py * width + px) * 3 + channel] as number) : 7);
        }
      }
      const raw = Buffer.alloc(samples.length * (bits === 8 ? 1 : 2));
      for (const [i, sample] of samples.entries()) {
        const value = bits === 12 ? sample * 16 + 9 : sample * 256 + 99;
        if (bits === 8) raw[i] = sample;
        else form.bigEndian ? raw.writeUInt16BE(value, 2 * i) : raw.writeUInt16LE(value, 2 * i);
      }
      const packed = form.deflate ? deflateSync(raw) : raw;
      bytes.push(packed.length);
      offsets.push(append(packed));
    }
  }
  const description = [...Buffer.from(`${form.description}\0`)];
  const tags: Value[] = [
    [254, 4, [level > 0 ? 1 : 0]],
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, Array(3).fill(bits === 8 ? 8 : 16)],
    [259, 3, [form.deflate ? 8 : 1]],
    [262, 3, [2]],
    ...(form.description !== undefined && level === 0 ? [[270, 2, description] as Value] : []),
    [277, 3, [3]],
    [282, 5, [density]],
    [283, 5, [densityY]],
    [284, 3, [planar ? 2 : 1]],
    [296, 3, [3]],
    [322, 4, [tile]],
    [323, 4, [tile]],
    [324, 4, offsets],
    [325, 4, bytes],
    ...(form.sampleFormat !== undefined ? [[339, 3, Array(3).fill(form.sampleFormat)] as Value] : []),
    ...(form.profile ? [[34675, 7, [...form.profile]] as Value] : []),
  ];
  return tags;
}

/** Writes a number into a tag of the page at an index, in a little-endian slide. */
export async function setTag(path: string, index: number, tag: number, value: number): Promise<void> {
  const bytes = await readFile(path);
  let page = bytes.readUInt32LE(4);
  for (let number = 0; page !== 0; number++) {
    const end = page + 2 + 12 * bytes.readUInt16LE(page);
    for (let entry = page + 2; entry < end; entry += 12) {
      if (number === index && bytes.readUInt16LE(entry) === tag) bytes.writeUInt16LE(value, entry + 8);
    }
    page = bytes.readUInt32LE(end);
  }
  await writeFile(path, bytes);
}

/** A picture of soft colours in blocks, different everywhere. */
export function picture(width: number, height: number, seed = 1): RgbImage {
  const random = new Random(seed, "picture");
  const data = new Uint8Array(width * height * 3);
  const tints = Array.from({ length: 97 }, () => [
    160 + random.integer(80),
    60 + random.integer(90),
    130 + random.integer(90),
  ]);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const tint = tints[(Math.floor(x / 9) * 31 + Math.floor(y / 11) * 17) % tints.length] as number[];
      data.set(
        tint.map((value) => value + ((x * 3 + y * 5) % 16)),
        (y * width + x) * 3,
      );
    }
  }
  return { width, height, data };
}

/** The mean of squares of `factor` pixels; a rest that fills none is left out. */
export function shrunk({ width, height, data }: RgbImage, factor: number): RgbImage {
  const [w, h] = [Math.floor(width / factor), Math.floor(height / factor)];
  const out = new Uint8Array(w * h * 3);
  for (let i = 0; i < out.length; i++) {
    const [x, y, c] = [Math.floor(i / 3) % w, Math.floor(i / 3 / w), i % 3];
    let sum = 0;
    for (let dy = 0; dy < factor; dy++) {
      for (let dx = 0; dx < factor; dx++) sum += data[((y * factor + dy) * width + x * factor + dx) * 3 + c] as number;
    }
    out[i] = Math.round(sum / factor ** 2);
  }
  return { width: w, height: h, data: out };
}

/** A part of a picture; white where it reaches beyond. */
export function cut({ width, height, data }: RgbImage, x: number, y: number, w: number, h: number): Buffer {
  const out = Buffer.alloc(w * h * 3, 255);
  for (let row = 0; row < h; row++) {
    for (let column = 0; column < w; column++) {
      const [px, py] = [x + column, y + row];
      if (px < 0 || py < 0 || px >= width || py >= height) continue;
      out.set(data.subarray((py * width + px) * 3, (py * width + px) * 3 + 3), (row * w + column) * 3);
    }
  }
  return out;
}

/** Fills a rectangle of a picture with one colour. */
export function fill(
  { width, data }: RgbImage,
  [x, y, w, h]: readonly [number, number, number, number],
  colour: readonly [number, number, number],
): void {
  for (let row = y; row < y + h; row++)
    for (let column = x; column < x + w; column++) data.set(colour, (row * width + column) * 3);
}
