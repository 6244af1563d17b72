/** @module Reads a saved response of a server's `GET /models/{model}/met`. */
import * as z from "zod";
import { InputError } from "../errors/index";
import { readJson } from "../files/index";
import type { Preprocessing } from "../image/index";
import type { Measured } from "../shift/index";

const schema = z.object({
  format: z.literal("histo-met/1"),
  preprocessing: z.object({ size: z.number().int().positive() }).loose(),
  features: z.array(z.array(z.number()).min(1)),
});

/** The images that a model has seen in service. */
interface MetFile {
  /** The model's preprocessing, to be used for the images to compare with. */
  readonly preprocessing: Pick<Preprocessing, "size" | "resize" | "stain">;
  readonly looks: readonly Measured[];
}

/** @throws {InputError} `MET_FILE_INVALID`, `MET_NONE` if the model has seen no image */
export async function readMetFile(path: string): Promise<MetFile> {
  const parsed = schema.safeParse(await readJson(path));
  if (!parsed.success) {
    const message = `${path} is not a response of a server's GET /models/{model}/met; save that response unchanged.`;
    throw new InputError("MET_FILE_INVALID", message);
  }
  const { preprocessing, features } = parsed.data;
  if (features.length === 0) {
    const message = `${path} has no image: the model has seen none yet, or was exported without statistics of its training tiles.`;
    throw new InputError("MET_NONE", message);
  }
  const { size, resize, stain } = preprocessing as unknown as Preprocessing;
  const { lookOf } = await import("../familiar/index.js");
  const { length } = lookOf(new Uint8Array(size * size * 3), size).features;
  if (features.some((row) => row.length !== length)) {
    const message = `${path} has other features than this version computes (${length} per image): serve and compare with the same version.`;
    throw new InputError("MET_FILE_INVALID", message);
  }
  return {
    preprocessing: { size, resize, ...(stain && { stain }) },
    looks: features.map((row) => ({ features: Float32Array.from(row) })),
  };
}
