/** @module Embeddings of all tiles by a frozen backbone, computed once and kept in the cache. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { HistoError, InputError } from "../../errors/index";
import { cacheDirectory, SafetensorsFile, sha256, writeSafetensors } from "../../files/index";
import type { BackboneDescription } from "../../onnx/backbone-file";
import { GraphSession } from "../../onnx/session";
import type { TrainingData } from "../data";
import type { NetworkContext } from "../trainable";
import type { BackboneNormalization } from "./normalization";

/** Images that go through the backbone at a time. */
const GROUP = 16;
/** Raise when the method changes. */
const VERSION = 2;

/** How an output becomes one vector an image: as it is, its first token, or the mean over tokens or places. */
export type Pooling = "none" | "first" | "mean";

/** Features of all tiles of the store. */
export interface Embeddings {
  readonly width: number;
  /** [tiles of the store, width] */
  readonly values: Float32Array;
  /** Axes of the backbone's output. */
  readonly rank: number;
  readonly pooling: Pooling;
}

/** What makes a file a backbone for a run. */
export interface Backbone {
  readonly file: string;
  readonly description: BackboneDescription;
  readonly normalization: BackboneNormalization;
  /** Of token sequences; `auto`: the first token, or the mean where the tokens are a square of patches and nothing else. */
  readonly pool: "auto" | "first" | "mean";
}

/**
 * Embeddings of all tiles of the store, from the cache where the same backbone has seen the same pixels before.
 * @throws {InputError} `BACKBONE_SIZE` where it does not take images of this size
 */
export async function embeddingsOf(
  backbone: Backbone,
  { store }: TrainingData,
  { progress, signal }: NetworkContext,
): Promise<Embeddings> {
  const { file, description, normalization, pool } = backbone;
  const { mean, std } = normalization;
  const key = sha256(
    JSON.stringify([VERSION, description.sha256, description.outputIndex, pool, mean, std, store.contentHash]),
  );
  const path = join(cacheDirectory(), "embeddings", `${key}.safetensors`);
  if (existsSync(path)) return readEmbeddings(path);
  const count = store.names.length;
  const task = progress.start("Embeddings", count, "images");
  const session = await GraphSession.open(file);
  const rows: Float32Array[] = [];
  let shape: readonly number[] = [];
  let pooling: Pooling = "none";
  try {
    for (let start = 0; start < count; start += GROUP) {
      signal?.throwIfAborted();
      const group = Math.min(GROUP, count - start);
      const output = await run(session, backbone, store, start, group);
      shape = output.shape;
      pooling = poolingOf(shape, pool);
      rows.push(pooled(output.data, shape, pooling));
      task.update(start + group);
    }
  } finally {
    await session.close();
  }
  const values = joined(rows);
  const width = values.length / count;
  const metadata = { rank: String(shape.length), pooling };
  await writeSafetensors(path, [{ name: "embeddings", shape: [count, width], data: () => values }], metadata);
  task.finish(`${width} features an image`);
  return { width, values, rank: shape.length, pooling };
}

async function readEmbeddings(path: string): Promise<Embeddings> {
  const cached = await SafetensorsFile.open(path);
  try {
    return {
      width: cached.shapeOf("embeddings")[1] as number,
      values: await cached.read("embeddings"),
      rank: Number(cached.metadata.rank),
      pooling: cached.metadata.pooling as Pooling,
    };
  } finally {
    await cached.close();
  }
}

/** The backbone's output for some images of the store. */
async function run(
  session: GraphSession,
  { file, description, normalization }: Backbone,
  store: TrainingData["store"],
  start: number,
  count: number,
) {
  const { size, bytesPerImage } = store;
  const { layout, input, output } = description;
  const bytes = new Uint8Array(count * bytesPerImage);
  store.read(
    Array.from({ length: count }, (_, i) => start + i),
    bytes,
  );
  const cells = size * size;
  const pixels = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    const c = i % 3;
    const value = ((bytes[i] as number) / 255 - (normalization.mean[c] as number)) / (normalization.std[c] as number);
    const cell = Math.floor(i / 3);
    const image = Math.floor(cell / cells);
    pixels[layout === "NHWC" ? i : (image * 3 + c) * cells + (cell % cells)] = value;
  }
  const shape = layout === "NHWC" ? [count, size, size, 3] : [count, 3, size, size];
  try {
    return await session.runWithShape(input, { type: "float32", data: pixels, shape }, output);
  } catch (error) {
    if (!(error instanceof HistoError) || start > 0 || normalization.size === size) throw error;
    const known = normalization.size ? `--size ${normalization.size}` : "the --size it was made for";
    throw new InputError("BACKBONE_SIZE", `${file} does not take images of --size ${size}; try ${known}.`, {
      cause: error,
    });
  }
}

function poolingOf(shape: readonly number[], pool: Backbone["pool"]): Pooling {
  if (shape.length === 2) return "none";
  if (shape.length === 4) return "mean";
  if (pool !== "auto") return pool;
  return Number.isInteger(Math.sqrt(shape[1] as number)) ? "mean" : "first";
}

/** One vector an image, [n, f], of [n, f], tokens [n, t, f] or a map [n, f, h, w]. */
function pooled(values: Float32Array, shape: readonly number[], pooling: Pooling): Float32Array {
  if (pooling === "none") return values;
  const [n, a, b, c = 1] = shape as [number, number, number, number?];
  if (shape.length === 4) {
    const cells = b * c;
    return Float32Array.from({ length: n * a }, (_, i) => meanOf(values, i * cells, cells, 1));
  }
  if (pooling === "mean") {
    return Float32Array.from({ length: n * b }, (_, i) => meanOf(values, Math.floor(i / b) * a * b + (i % b), a, b));
  }
  return joined(Array.from({ length: n }, (_, i) => values.subarray(i * a * b, i * a * b + b)));
}

function meanOf(values: Float32Array, start: number, count: number, stride: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[start + i * stride] as number;
  return sum / count;
}

/** Arrays one after the other. */
function joined(rows: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) {
    whole.set(row, at);
    at += row.length;
  }
  return whole;
}
