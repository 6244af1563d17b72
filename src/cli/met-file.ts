/** @module What a server's `GET /models/{model}/met` answered, kept as a file. */
import * as z from "zod";
import { InputError } from "../errors/index";
import type { Measured } from "../familiar/index";
import { readJson } from "../files/index";
import type { Preprocessing } from "../image/index";

const schema = z.object({
  format: z.literal("histo-met/1"),
  preprocessing: z.object({ size: z.number().int().positive() }).loose(),
  features: z.array(z.array(z.number()).min(1)),
});

/** Images as a model met them. */
interface MetFile {
  /** How the model prepares images: those that they are compared with are prepared alike. */
  readonly preprocessing: Pick<Preprocessing, "size" | "resize" | "stain">;
  readonly looks: readonly Measured[];
}

/** @throws {InputError} `MET_FILE_INVALID`, `MET_NONE` where the model has met no image */
export async function readMetFile(path: string): Promise<MetFile> {
  const parsed = schema.safeParse(await readJson(path));
  if (!parsed.success) {
    const message = `${path} is not what GET /models/{model}/met of a server answers; save that answer as it is.`;
    throw new InputError("MET_FILE_INVALID", message);
  }
  const { preprocessing, features } = parsed.data;
  if (features.length === 0) {
    const message = `${path} has no image: the model has met none yet, or it does not know what its training tiles looked like.`;
    throw new InputError("MET_NONE", message);
  }
  const { size, resize, stain } = preprocessing as unknown as Preprocessing;
  const { lookOf } = await import("../familiar/index.js");
  const { length } = lookOf(new Uint8Array(size * size * 3), size).features;
  if (features.some((row) => row.length !== length)) {
    const message = `${path} has other measures than this version takes (${length} an image): serve and compare with one version.`;
    throw new InputError("MET_FILE_INVALID", message);
  }
  return {
    preprocessing: { size, resize, ...(stain && { stain }) },
    looks: features.map((row) => ({ features: Float32Array.from(row) })),
  };
}
