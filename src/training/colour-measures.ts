/** @module Colour and texture of all tiles of a run, measured once. */
import type { Partition } from "../dataset/index";
import { colourFeatureCount, measureColours } from "../models/index";
import type { Progress } from "../progress/index";
import type { TrainingData } from "./data";
import { type FeatureScaling, fitScaling, scaled } from "./feature-scaling";

/** Features of all tiles by partition, [n, width] row-major, with the mean and deviation of train taken out. */
export interface ColourMeasures {
  readonly width: number;
  readonly values: Readonly<Record<Partition, Float32Array>>;
  readonly scaling: FeatureScaling;
}

/** Measures {@link measureColours} of all tiles. They are the same for the eight views of a tile, so once is enough. */
export function measureColour(data: TrainingData, progress: Progress): ColourMeasures {
  const task = progress.start("Colour and texture", data.dataset.tiles.length, "images");
  let before = 0;
  const of = (partition: Partition) => {
    const values = measure(data, partition, (done) => task.update(before + done));
    before += data.labels[partition].length;
    return values;
  };
  const raw = { train: of("train"), validation: of("validation"), test: of("test") };
  task.finish();
  const width = raw.train.length / data.labels.train.length;
  const scaling = fitScaling(raw.train, width);
  return {
    width,
    values: {
      train: scaled(raw.train, scaling),
      validation: scaled(raw.validation, scaling),
      test: scaled(raw.test, scaling),
    },
    scaling,
  };
}

function measure(data: TrainingData, partition: Partition, onDone: (images: number) => void): Float32Array {
  const { store, positions } = data;
  const { size, bytesPerImage } = store;
  const count = data.labels[partition].length;
  const values = new Float32Array(count * colourFeatureCount(size));
  const levels = new Uint8Array(bytesPerImage);
  for (let i = 0; i < count; i++) {
    store.read([positions[partition][i] as number], levels);
    values.set(measureColours(levels, size, size), (i * values.length) / count);
    onDone(i + 1);
  }
  return values;
}
