/** @module Reads 16-bit files whose values use fewer bits, such as those of cameras with 10, 12 or 14 bits. */
import type { Metadata, Sharp } from "sharp";
import { InputError } from "../errors/index";

/** Reduces grey or RGB values to the upper 8 of `bitDepth` bits. @throws {InputError} `IMAGE_UNSUPPORTED` */
export async function shortenValues(
  image: Sharp,
  { space, icc, hasAlpha }: Metadata,
  { bitDepth, dropExtra, name }: { bitDepth: number; dropExtra: boolean | undefined; name: string },
): Promise<{ width: number; height: number; data: Uint8Array }> {
  const reason =
    space !== "rgb16" && space !== "grey16"
      ? `colours of the kind ${space}`
      : icc
        ? "a colour profile, which applies to 16-bit values"
        : hasAlpha && !dropExtra
          ? "transparency"
          : undefined;
  if (reason) throw unsuitable(name, bitDepth, `it has ${reason}`);
  const { values, width, height } = await sixteenBits(image);
  const data = new Uint8Array(values.length);
  const shift = bitDepth - 8;
  for (let i = 0; i < values.length; i++) {
    const value = (values[i] as number) >> shift;
    if (value > 255) throw unsuitable(name, bitDepth, `it has values up to ${largest(values)}`);
    data[i] = value;
  }
  return { width, height, data };
}

/** Number of bits of the largest value of a 16-bit image. */
export async function usedBits(image: Sharp): Promise<number> {
  return 32 - Math.clz32(largest((await sixteenBits(image)).values));
}

async function sixteenBits(image: Sharp): Promise<{ values: Uint16Array; width: number; height: number }> {
  const { data, info } = await image
    .toColourspace("rgb16")
    .removeAlpha()
    .raw({ depth: "ushort" })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  return { values: new Uint16Array(data.buffer, data.byteOffset, data.length / 2), width, height };
}

function largest(values: Uint16Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function unsuitable(name: string, bitDepth: number, reason: string): InputError {
  const problem = `${name} cannot be read as values of ${bitDepth} bits: ${reason}`;
  const save = "save it as grey or RGB with 8 bits per channel.";
  const toClient = `${problem}; ${save}`;
  return new InputError("IMAGE_UNSUPPORTED", `${problem}; leave --bit-depth out, or ${save}`, { toClient });
}
