/** @module A frozen ONNX backbone with a trained head: embeddings once per file and data set, then the same trainer. */

import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Partition } from "../dataset/index";
import { InputError } from "../errors/index";
import { cacheDirectory, SafetensorsFile, sha256, writeSafetensors } from "../files/index";
import { copyWeights, mlpOnFeatures, OnnxBackbone, saveTopology, saveWeights } from "../models/index";
import { type BackboneDescription, IMAGENET, readBackbone } from "../onnx/backbone-file";
import { GraphSession } from "../onnx/session";
import type { Progress } from "../progress/index";
import { BACKBONE_PREFIX, defaultTrainingOptions, type TrainingOptions } from "../runs/index";
import { tf } from "../tensorflow/index";
import { featureExamples } from "./batches";
import type { TrainingData } from "./data";
import { fitScaling, scaled } from "./feature-scaling";
import type { Network } from "./trainable";

const GROUP = 16;

interface Embeddings {
  readonly width: number;
  /** [tiles of the store, width] */
  readonly values: Float32Array;
}

/**
 * Features of a frozen backbone under a trained head; linear unless `hidden` says otherwise.
 * @throws {InputError} `BACKBONE_MISSING`, `BACKBONE_UNSUPPORTED`, `BACKBONE_SIZE`
 */
export async function backboneNetwork(
  options: TrainingOptions,
  data: TrainingData,
  context: { readonly progress: Progress; readonly signal?: AbortSignal },
): Promise<Network> {
  const file = resolve(options.model.slice(BACKBONE_PREFIX.length));
  const { description } = await readBackbone(file);
  if (description.size && description.size !== options.size) {
    throw new InputError("BACKBONE_SIZE", `${file} takes images of --size ${description.size}, not ${options.size}.`);
  }
  const { width, values } = await embeddingsOf(file, description, data, context);
  const rows = (partition: Partition) => {
    const positions = data.positions[partition];
    const own = new Float32Array(positions.length * width);
    positions.forEach((at, i) => {
      own.set(values.subarray(at * width, (at + 1) * width), i * width);
    });
    return own;
  };
  const scaling = fitScaling(rows("train"), width);
  const of = (partition: Partition) =>
    featureExamples([scaled(rows(partition), scaling)], width, data.labels[partition], options.seed);
  const isDefault = options.hidden.join() === defaultTrainingOptions.hidden.join();
  const hidden = isDefault ? [] : options.hidden;
  const model = mlpOnFeatures(width, { ...options, hidden });
  return {
    model,
    examples: { train: of("train"), validation: of("validation"), test: of("test") },
    architecture: ["backbone", width, ...hidden, 1].join("-"),
    stemParameters: 2 * width,
    async save(run) {
      const copy = join(dirname(run.topology), "backbone.onnx");
      await mkdir(dirname(copy), { recursive: true });
      await copyFile(file, copy);
      const { mean, std } = data.preprocessing;
      const input = tf.input({ shape: [options.size, options.size, 3], name: "pixels" });
      const backbone = new OnnxBackbone({
        name: "backbone",
        file: basename(copy),
        features: width,
        mean,
        std,
        sha256: description.sha256,
      });
      const head = mlpOnFeatures(width, { ...options, hidden });
      const features = backbone.apply(input) as tf.SymbolicTensor;
      let x = features;
      for (const layer of head.layers.slice(1)) x = layer.apply(x) as tf.SymbolicTensor;
      const whole = tf.model({ inputs: input, outputs: x, name: "backbone" });
      const own = new Map([
        ["backbone/shift", scaling.shift],
        ["backbone/scale", scaling.scale],
      ]);
      copyWeights(model, whole, own);
      await saveTopology(whole, run.topology);
      await saveWeights(whole, run.bestWeights);
      whole.dispose();
    },
  };
}

/** Embeddings of all tiles of the store, from the cache where the same file has seen the same pixels before. */
async function embeddingsOf(
  file: string,
  description: BackboneDescription,
  data: TrainingData,
  { progress, signal }: { readonly progress: Progress; readonly signal?: AbortSignal },
): Promise<Embeddings> {
  const key = sha256(`${description.sha256} ${data.store.contentHash} ${JSON.stringify(IMAGENET)}`);
  const path = join(cacheDirectory(), "embeddings", `${key}.safetensors`);
  if (existsSync(path)) {
    const cached = await SafetensorsFile.open(path);
    try {
      return { width: cached.shapeOf("embeddings")[1] as number, values: await cached.read("embeddings") };
    } finally {
      await cached.close();
    }
  }
  const count = data.store.names.length;
  const task = progress.start("Embeddings", count, "images");
  const session = await GraphSession.open(file);
  const rows: Float32Array[] = [];
  try {
    for (let start = 0; start < count; start += GROUP) {
      signal?.throwIfAborted();
      const group = Math.min(GROUP, count - start);
      rows.push(await embed(session, description, data, start, group));
      task.update(start + group);
    }
  } finally {
    await session.close();
  }
  const values = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) {
    values.set(row, at);
    at += row.length;
  }
  const width = values.length / count;
  await writeSafetensors(path, [{ name: "embeddings", shape: [count, width], data: () => values }]);
  task.finish(`${width} features an image`);
  return { width, values };
}

async function embed(
  session: GraphSession,
  { input, output, layout, outputRank }: BackboneDescription,
  { store }: TrainingData,
  start: number,
  count: number,
): Promise<Float32Array> {
  const { size, bytesPerImage } = store;
  const bytes = new Uint8Array(count * bytesPerImage);
  store.read(
    Array.from({ length: count }, (_, i) => start + i),
    bytes,
  );
  const cells = size * size;
  const pixels = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    const c = i % 3;
    const value = ((bytes[i] as number) / 255 - (IMAGENET.mean[c] as number)) / (IMAGENET.std[c] as number);
    const cell = Math.floor(i / 3);
    const image = Math.floor(cell / cells);
    pixels[layout === "NHWC" ? i : (image * 3 + c) * cells + (cell % cells)] = value;
  }
  const shape = layout === "NHWC" ? [count, size, size, 3] : [count, 3, size, size];
  const result = await session.runWithShape(input, { type: "float32", data: pixels, shape }, output);
  return outputRank === 2 ? result.data : poolRows(result.data, result.shape, outputRank);
}

/** The first token of [n, t, f], or the mean over the map [n, f, h, w]. */
function poolRows(values: Float32Array, shape: readonly number[], rank: 3 | 4): Float32Array {
  const [n, a, b, c = 1] = shape as [number, number, number, number?];
  if (rank === 3) {
    const first = new Float32Array(n * b);
    for (let i = 0; i < n; i++) first.set(values.subarray(i * a * b, i * a * b + b), i * b);
    return first;
  }
  const means = new Float32Array(n * a);
  for (let i = 0; i < n * a; i++) {
    let sum = 0;
    for (let j = 0; j < b * c; j++) sum += values[i * b * c + j] as number;
    means[i] = sum / (b * c);
  }
  return means;
}
