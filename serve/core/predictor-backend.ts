/** @module The project's predictor as an {@link InferenceBackend}. */
import { Predictor } from "../../src/inference/index";
import { usableProcessors } from "../../src/machine/index";
import type { GoldenResult, InferenceBackend } from "./models/index";

interface PredictorBackendOptions {
  /** Threads of the network. Default: one per core, at most 8. */
  readonly threads?: number | undefined;
  /** Bits that the values of 16-bit images use; overrides the models' cards. */
  readonly bitDepth?: number | undefined;
}

/** Loads a model directory. @throws {InputError} as {@link Predictor.open} */
export async function openBackend(directory: string, options: PredictorBackendOptions = {}): Promise<InferenceBackend> {
  const started = performance.now();
  const threads = options.threads ?? Math.min(8, usableProcessors());
  const predictor = await Predictor.open(directory, { threads, spinning: false, bitDepth: options.bitDepth });
  const { size, bitDepth } = predictor.card.preprocessing;
  // The first run allocates the memory for all later ones.
  await predictor.predictPixels(new Uint8Array(size * size * 3), 1);
  return {
    card: predictor.card,
    sha256: predictor.sha256,
    batching: predictor.batching,
    loadSeconds: (performance.now() - started) / 1000,
    decode: (image, alone) => predictor.preprocess(image, { immediate: alone }),
    async run(pixels) {
      const [first] = pixels;
      const batch = pixels.length === 1 && first ? first : Buffer.concat(pixels);
      return [...(await predictor.predictPixels(batch, pixels.length))];
    },
    async predictTiled(image, run) {
      const { isForTiles, predictPicture } = await import("../../src/slide/tiled/index.js");
      if (!(await isForTiles(image, predictor.card.preprocessing))) return undefined;
      const predictPixels = async (pixels: Uint8Array, count: number) => {
        const bytes = pixels.length / count;
        return Float32Array.from(
          await run(Array.from({ length: count }, (_, i) => pixels.subarray(i * bytes, (i + 1) * bytes))),
        );
      };
      return predictPicture(image, { card: predictor.card, predictPixels, assess: (tile) => predictor.assess(tile) });
    },
    classActivation: (pixels) => predictor.classActivation(pixels),
    async thumbnail(image, edge) {
      const { thumbnail } = await import("../../src/image/index.js");
      return thumbnail(image, edge, {}, { bitDepth });
    },
    async verifyGolden(): Promise<GoldenResult> {
      const result = await predictor.verifyGolden();
      if (result) return { status: result.ok ? "passed" : "failed", logit: result.logit, expected: result.expected };
      const [logit = Number.NaN] = await predictor.predictPixels(new Uint8Array(size * size * 3), 1);
      return { status: Number.isFinite(logit) ? "absent" : "failed", logit, expected: null };
    },
    close: () => predictor.close(),
  };
}
