/**
 * @module Coordinates on disk next to their basis. Projecting all tiles of a data set takes as long as several epochs on the
 * coordinates, and all trials of a search with the same rank share them.
 */
import { join } from "node:path";
import type { Partition } from "../../dataset/index";
import { SafetensorsFile, sha256, writeOnce, writeSafetensors } from "../../files/index";
import { pixelExamples } from "../batches";
import { eachPartition, type TrainingData } from "../data";
import { kept } from "../kept";
import type { TaskContext } from "../training-task";
import type { Basis } from "./basis";
import { fingerprintOf, readWhole, removeDamaged, subspaceDirectoryOf } from "./basis-cache";
import { type Projection, project } from "./coordinates";

/** Increase this when the method changes. */
const VERSION = 1;
const PARTITIONS = ["train", "validation", "test"] as const;

/** Coordinates of all tiles, [n, rank] row-major for each partition. */
export type Coordinates = Readonly<Record<Partition, Float32Array>>;

/** The coordinates of a run's tiles in a basis, from the cache or computed. */
export async function cachedCoordinates(
  data: TrainingData,
  basis: Basis,
  { projection, whitening }: { readonly projection: Projection; readonly whitening: number },
  context: TaskContext,
): Promise<Coordinates> {
  const { store, positions, preprocessing } = data;
  const { mean, std } = preprocessing;
  const places = PARTITIONS.map((partition) => [...positions[partition]]);
  const key = sha256(JSON.stringify([VERSION, fingerprintOf(basis), whitening, store.contentHash, places, mean, std]));
  const path = join(subspaceDirectoryOf(context), `${key.slice(0, 32)}.coordinates.safetensors`);
  const { rank } = basis;
  const read = () =>
    SafetensorsFile.reading(path, (file) =>
      eachPartition((partition) => readWhole(file, partition, positions[partition].length * rank)),
    );
  const stored = await read().catch((error: unknown) => removeDamaged(path, error));
  if (stored) return stored;
  const found = await projectAll(data, projection, context);
  const tensors = PARTITIONS.map((name) => {
    const values = found[name];
    return { name, shape: [values.length / rank, rank], data: () => values };
  });
  const write = () => writeOnce(path, (own) => writeSafetensors(own, tensors));
  return (await kept("coordinates", write, context.progress)) ? read() : found;
}

async function projectAll(
  data: TrainingData,
  projection: Projection,
  { progress, signal }: TaskContext,
): Promise<Coordinates> {
  const task = progress.start("Coordinates", data.dataset.tiles.length, "images");
  let before = 0;
  const found = await eachPartition(async (partition) => {
    const labels = data.labels[partition];
    const pixels = pixelExamples(data.store, data.positions[partition], labels, data.preprocessing);
    const coordinates = await project(pixels, projection, (done) => {
      signal?.throwIfAborted();
      task.update(before + done);
    });
    before += labels.length;
    return coordinates;
  });
  task.finish();
  return found;
}
