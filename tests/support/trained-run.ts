/** @module Run directories made from untrained models, for tests of export and prediction. */
import * as tf from "@tensorflow/tfjs";
import { writeJson, writeSafetensors } from "../../src/files/index";
import type { Preprocessing } from "../../src/image/preprocessing/index";
import { Random } from "../../src/random/index";
import { RunDirectory } from "../../src/runs/index";

export { temporaryDirectory } from "./temporary-directory";

/** MHIST's statistics. */
export function preprocessingOf(size: number): Preprocessing {
  return { size, resize: "crop", mean: [0.738, 0.649, 0.775], std: [0.197, 0.244, 0.17] };
}

/** Writes what training leaves behind of a model: config, topology and weights. */
export async function writeRun(path: string, model: tf.LayersModel, extra: object = {}): Promise<RunDirectory> {
  const run = new RunDirectory(path);
  const size = model.inputs[0]?.shape[1] as number;
  await writeJson(run.config, {
    data: "unknown",
    classes: ["HP", "SSA"],
    positive: "SSA",
    size,
    preprocessing: preprocessingOf(size),
    model: "mlp",
    seed: 1,
    threshold: 0.4,
    ...extra,
  });
  await writeJson(run.topology, JSON.parse(model.toJSON() as string));
  await writeSafetensors(
    run.bestWeights,
    model.weights.map((weight) => ({
      name: weight.originalName,
      shape: weight.shape as number[],
      data: () => weight.read().dataSync() as Float32Array,
    })),
  );
  return run;
}

/** Gives every weight random values (also those that start at 0 or 1), so that no term of a layer goes untested. */
export function randomizeWeights(model: tf.LayersModel, seed = 1): tf.LayersModel {
  const random = new Random(seed, "weights");
  for (const weight of model.weights) {
    const positive = /variance|gamma/.test(weight.originalName);
    const fanIn = weight.shape.slice(0, -1).reduce((product: number, extent) => product * (extent ?? 1), 1);
    const size = weight.shape.reduce((product: number, extent) => product * (extent ?? 1), 1);
    const values = Float32Array.from({ length: size }, () =>
      positive ? random.uniform(0.5, 1.5) : random.normal(0, 1.4 / Math.sqrt(fanIn)),
    );
    weight.write(tf.tensor(values, weight.shape as number[]));
  }
  return model;
}

/** Random pixels, uint8 [count, size, size, 3]. */
export function randomPixels(count: number, size: number, seed = 7): Uint8Array {
  const random = new Random(seed, "pixels");
  return Uint8Array.from({ length: count * size * size * 3 }, () => random.integer(256));
}

/** Logits of the layers model itself on raw pixels. */
export function layersModelLogits(model: tf.LayersModel, pixels: Uint8Array, count: number): Float32Array {
  const [, height, width] = (model.inputs[0] as tf.SymbolicTensor).shape;
  const { mean, std } = preprocessingOf(height as number);
  const values = Float32Array.from(pixels, (x, i) => (x / 255 - (mean[i % 3] as number)) / (std[i % 3] as number));
  return tf.tidy(() => {
    const input = tf.tensor4d(values, [count, height as number, width as number, 3]);
    return (model.predict(input) as tf.Tensor).dataSync() as Float32Array;
  });
}
