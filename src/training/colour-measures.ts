/** @module Colour and texture of all tiles of a run, measured once, in full precision. */
import type { Partition } from "../dataset/index";
import { colourFeatures } from "../models/index";
import type { Progress } from "../progress/index";
import { tf, withPrecision } from "../tensorflow/index";
import { pixelExamples } from "./batches";
import type { TrainingData } from "./data";
import { type FeatureScaling, fitScaling, scaled } from "./feature-scaling";

/** Tiles measured at a time. */
const GROUP = 16;

/** Features of all tiles by partition, [n, width] row-major, with the mean and deviation of train taken out. */
export interface ColourMeasures {
  readonly width: number;
  readonly values: Readonly<Record<Partition, Float32Array>>;
  readonly scaling: FeatureScaling;
}

/** Measures {@link colourFeatures} of all tiles. They are the same for the eight views of a tile, so once is enough. */
export function measureColour(data: TrainingData, progress: Progress): ColourMeasures {
  const task = progress.start("Colour and texture", data.dataset.tiles.length, "images");
  let before = 0;
  const of = (partition: Partition) => {
    const values = withPrecision("fp32", () => measure(data, partition, (done) => task.update(before + done)));
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
  const { store, positions, preprocessing } = data;
  const labels = data.labels[partition];
  const pixels = pixelExamples(store, positions[partition], labels, preprocessing);
  const rows: Float32Array[] = [];
  for (let start = 0; start < labels.length; start += GROUP) {
    const some = Uint32Array.from({ length: Math.min(GROUP, labels.length - start) }, (_, i) => start + i);
    rows.push(
      tf.tidy(() => {
        const x = pixels.inputs(some, undefined) as tf.Tensor4D;
        return colourFeatures(x, preprocessing).dataSync() as Float32Array;
      }),
    );
    onDone(start + some.length);
  }
  return joined(rows);
}

/** Arrays one after the other. */
export function joined(rows: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let at = 0;
  for (const row of rows) {
    whole.set(row, at);
    at += row.length;
  }
  return whole;
}
