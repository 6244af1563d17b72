/** @module Embeddings of all tiles by a frozen backbone, view by view, pooled to one vector per image, computed once and cached. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Backbone, TokenPooling } from "../../backbones/index";
import { HistoError, InputError } from "../../errors/index";
import { cacheDirectory, SafetensorsFile, sha256, writeSafetensors } from "../../files/index";
import { dihedral } from "../../image/augment/index";
import { GraphSession } from "../../onnxruntime/index";
import type { ProgressTask } from "../../progress/index";
import type { TrainingData } from "../data";
import { kept } from "../kept";
import { joined } from "../rows";
import { readWhole, removeDamaged } from "../subspace/basis-cache";
import type { TaskContext } from "../training-task";

/** Images per call of the backbone. */
const GROUP = 16;
/** Images per file of embeddings: an interrupted run repeats at most this many. */
const CHUNK = 128;
/** Increase this when the method changes. */
const VERSION = 3;

/** Features of all tiles of the store. */
export interface Embeddings {
  readonly width: number;
  /** For each view [tiles of the store, width]; the first view is the tile itself. */
  readonly views: readonly Float32Array[];
  readonly form: OutputForm;
}

/** The content of one file of embeddings. */
type Chunk = Pick<Embeddings, "width" | "form"> & { readonly values: Float32Array };

/**
 * Embeddings of all tiles of the store, from the cache or computed; an interrupted run continues where it stopped.
 * @param views number of flips and quarter turns, see `dihedral` @throws {InputError} `BACKBONE_SIZE`
 */
export async function embeddingsOf(
  backbone: Backbone,
  { store }: TrainingData,
  views: number,
  { progress, signal }: TaskContext,
): Promise<Embeddings> {
  const { description, normalization, pool } = backbone;
  const { mean, std } = normalization;
  const key = sha256(
    JSON.stringify([VERSION, description.sha256, description.outputIndex, pool, mean, std, store.contentHash]),
  );
  const folder = join(cacheDirectory(), "embeddings", key);
  const count = store.names.length;
  let session: GraphSession | undefined;
  let task: ProgressTask | undefined;
  const chunks: Chunk[][] = [];
  let keeps = true;
  try {
    for (let view = 0; view < views; view++) {
      const ofView: Chunk[] = [];
      for (let start = 0; start < count; start += CHUNK) {
        const path = join(folder, `view-${view}-${start / CHUNK}.safetensors`);
        const end = Math.min(count, start + CHUNK);
        let chunk = await readChunk(path, end - start).catch((error: unknown) => removeDamaged(path, error));
        if (!chunk) {
          task ??= progress.start(`Embeddings by ${backbone.name}`, views * count, "views");
          session ??= await GraphSession.open(backbone.file);
          const done = (at: number) => task?.update(view * count + at);
          const made = await embed(session, backbone, { store, start, end, view, done, signal });
          chunk = made;
          if (keeps) keeps = await kept("embeddings", () => writeChunk(path, made), progress);
        }
        ofView.push(chunk);
      }
      chunks.push(ofView);
    }
  } finally {
    await session?.close();
  }
  const { width, form } = (chunks.flat() as [Chunk])[0];
  task?.finish(`${width} features a tile`);
  return { width, form, views: chunks.map((ofView) => joined(ofView.map(({ values }) => values))) };
}

/** @param rows that the file must have */
async function readChunk(path: string, rows: number): Promise<Chunk | undefined> {
  if (!existsSync(path)) return undefined;
  return SafetensorsFile.reading(path, async (file) => {
    const { rank, pooling, prefix } = file.metadata;
    const width = file.shapeOf("embeddings")[1] ?? 0;
    if (!pooling) throw new InputError("TENSORS_UNREADABLE", `${path} does not say how its values were pooled.`);
    return {
      width,
      values: await readWhole(file, "embeddings", rows * width),
      form: { rank: Number(rank), pooling: pooling as Pooling, prefix: Number(prefix) },
    };
  });
}

async function writeChunk(path: string, { values, width, form }: Chunk): Promise<void> {
  const { rank, pooling, prefix } = form;
  const shape = [values.length / width, width];
  const metadata = { rank: String(rank), pooling, prefix: String(prefix) };
  await writeSafetensors(path, [{ name: "embeddings", shape, data: () => values }], metadata);
}

/** A range of images of the store, and the view. */
interface Part {
  readonly store: TrainingData["store"];
  readonly start: number;
  readonly end: number;
  readonly view: number;
  /** Reports how many images of the store are done. */
  done(images: number): void;
  readonly signal: AbortSignal | undefined;
}

async function embed(session: GraphSession, backbone: Backbone, part: Part): Promise<Chunk> {
  const rows: Float32Array[] = [];
  let form: OutputForm | undefined;
  for (let at = part.start; at < part.end; at += GROUP) {
    part.signal?.throwIfAborted();
    const group = Math.min(GROUP, part.end - at);
    const { data, shape } = await run(session, backbone, part, at, group);
    form ??= formOf(shape, backbone.pool);
    const row = pooled(data, shape, form);
    if (!row.every(Number.isFinite)) {
      const reason = "some of its features are not finite numbers; check its weights and normalization";
      throw new InputError("BACKBONE_UNSUPPORTED", `${backbone.file} cannot be a backbone: ${reason}.`);
    }
    rows.push(row);
    part.done(at + group);
  }
  const values = joined(rows);
  return { values, width: values.length / (part.end - part.start), form: form as OutputForm };
}

/** The backbone's output for some images of the store. */
async function run(
  session: GraphSession,
  { file, description, normalization }: Backbone,
  { store, view }: Part,
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
  const turned = new Uint8Array(bytesPerImage);
  const cells = size * size;
  const pixels = new Float32Array(bytes.length);
  const [step, plane] = layout === "NHWC" ? [3, 1] : [1, cells];
  for (let image = 0; image < count; image++) {
    const first = image * bytesPerImage;
    dihedral(bytes.subarray(first, first + bytesPerImage), turned, size, view);
    for (let c = 0; c < 3; c++) {
      const [mean, std] = [normalization.mean[c] as number, normalization.std[c] as number];
      for (let cell = 0; cell < cells; cell++) {
        pixels[first + cell * step + c * plane] = ((turned[3 * cell + c] as number) / 255 - mean) / std;
      }
    }
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

/** How an output becomes one vector per image: unchanged, or pooled. */
type Pooling = "none" | TokenPooling;

/** The form of an output, derived from its shape. */
export interface OutputForm {
  /** Number of axes. */
  readonly rank: number;
  readonly pooling: Pooling;
  /** Number of tokens before the patch tokens. */
  readonly prefix: number;
}

/** The form of an output [n, f], tokens [n, t, f] or a map [n, f, h, w]. The largest square number of tokens are patches. */
function formOf(shape: readonly number[], pool: Backbone["pool"]): OutputForm {
  const rank = shape.length;
  if (rank !== 3) return { rank, pooling: rank === 2 ? "none" : "mean", prefix: 0 };
  const tokens = shape[1] as number;
  const prefix = tokens - Math.floor(Math.sqrt(tokens)) ** 2;
  if (pool !== "auto") return { rank, pooling: pool, prefix };
  return { rank, pooling: prefix === 0 ? "mean" : "first", prefix };
}

/** One vector per image, [n, width] row-major. @param shape of the values */
function pooled(values: Float32Array, shape: readonly number[], { pooling, prefix }: OutputForm): Float32Array {
  if (pooling === "none") return values;
  const [n, a, b, c = 1] = shape as [number, number, number, number?];
  if (shape.length === 4) {
    const cells = b * c;
    return Float32Array.from({ length: n * a }, (_, i) => meanOf(values, i * cells, cells, 1));
  }
  const means = (from: number) =>
    Float32Array.from({ length: n * b }, (_, i) =>
      meanOf(values, (Math.floor(i / b) * a + from) * b + (i % b), a - from, b),
    );
  if (pooling === "mean") return means(0);
  const first = Array.from({ length: n }, (_, i) => values.subarray(i * a * b, i * a * b + b));
  if (pooling === "first") return joined(first);
  const patches = means(prefix);
  return joined(first.flatMap((row, i) => [row, patches.subarray(i * b, (i + 1) * b)]));
}

function meanOf(values: Float32Array, start: number, count: number, stride: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[start + i * stride] as number;
  return sum / count;
}
