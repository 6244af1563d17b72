/** @module A random sample of the images that a service has seen: their features, without the images. */
import { spreadOver } from "../collections/index";
import { Random } from "../random/index";

/** A random sample of the images seen. */
export interface MetSample {
  /** Number of images seen. */
  readonly seen: number;
  /** Features of some of them, as in `Look`. */
  readonly features: readonly (readonly number[])[];
}

/** Largest size of the sample; the two-sample test uses as many. */
const SAMPLE = 500;

/** Samples each image with the same probability. @see Vitter 1985, algorithm R */
export class MetImages {
  private readonly rows: Float32Array[] = [];
  private readonly random = new Random(0, "met-images");
  private seen = 0;

  /** @param features of an image's `Look` */
  add(features: Float32Array): void {
    this.seen++;
    const row = this.rows.length < SAMPLE ? this.rows.length : this.random.integer(this.seen);
    if (row < SAMPLE) this.rows[row] = features;
  }

  /** The sample, rounded to six digits. */
  sample(): MetSample {
    const features = this.rows.map((row) => Array.from(row, (value) => Number(value.toPrecision(6))));
    return { seen: this.seen, features };
  }
}

/** Joins samples in proportion to the numbers of images seen. */
export function joinSamples(samples: readonly MetSample[]): MetSample {
  const seen = samples.reduce((sum, sample) => sum + sample.seen, 0);
  const most = Math.min(SAMPLE, samples.flatMap(({ features }) => features).length);
  return {
    seen,
    features: samples.flatMap((sample) =>
      sample.seen === 0 ? [] : spreadOver(sample.features, Math.max(1, Math.round((most * sample.seen) / seen))),
    ),
  };
}
