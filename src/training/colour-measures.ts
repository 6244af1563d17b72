/** @module Colour and texture of all tiles of a run. */
import { setImmediate } from "node:timers/promises";
import type { Partition } from "../dataset/index";
import { colourFeatureCount, measureColours } from "../models/index";
import { byPartition, type TrainingData } from "./data";
import { type FeatureScaling, fitScaling, scaled } from "./rows";
import type { TaskContext } from "./training-task";

/** Features of all tiles by partition, [n, width] row-major, standardized by the training tiles. */
export interface ColourMeasures {
  readonly width: number;
  readonly values: Readonly<Record<Partition, Float32Array>>;
  readonly scaling: FeatureScaling;
}

/** Computes {@link measureColours} of all tiles, once for all views, because they do not change it. */
export async function measureColour(data: TrainingData, { progress, signal }: TaskContext): Promise<ColourMeasures> {
  const task = progress.start("Colour and texture", data.dataset.tiles.length, "images");
  let before = 0;
  const of = async (partition: Partition) => {
    const values = await measure(data, partition, (done) => {
      signal?.throwIfAborted();
      task.update(before + done);
    });
    before += data.labels[partition].length;
    return values;
  };
  const raw = { train: await of("train"), validation: await of("validation"), test: await of("test") };
  task.finish();
  const width = raw.train.length / data.labels.train.length;
  const scaling = fitScaling(raw.train, width);
  return { width, values: byPartition((partition) => scaled(raw[partition], scaling)), scaling };
}

async function measure(
  data: TrainingData,
  partition: Partition,
  onDone: (images: number) => void,
): Promise<Float32Array> {
  const { store, positions } = data;
  const { size, bytesPerImage } = store;
  const count = data.labels[partition].length;
  const values = new Float32Array(count * colourFeatureCount(size));
  const levels = new Uint8Array(bytesPerImage);
  for (let i = 0; i < count; i++) {
    store.read([positions[partition][i] as number], levels);
    values.set(measureColours(levels, size, size), (i * values.length) / count);
    await setImmediate(); // lets Ctrl-C through
    onDone(i + 1);
  }
  return values;
}
