/** @module What a service keeps of the images that it meets: measures of a random sample, no image. */
import { Random } from "../random/index";
import { evenly } from "./look";

/** A random sample of the images met. */
export interface MetSample {
  /** Images met. */
  readonly seen: number;
  /** Features of some of them, as those of `Look`. */
  readonly features: readonly (readonly number[])[];
}

/** Images that are kept at most; as many as the two-sample test takes. */
const MOST = 500;

/** Keeps each image met with the same chance. @see Vitter 1985, algorithm R */
export class MetImages {
  private readonly kept: Float32Array[] = [];
  private readonly random = new Random(0, "met-images");
  private seen = 0;

  /** @param features of an image's `Look` */
  add(features: Float32Array): void {
    this.seen++;
    const place = this.kept.length < MOST ? this.kept.length : this.random.integer(this.seen);
    if (place < MOST) this.kept[place] = features;
  }

  /** The sample, in six digits. */
  sample(): MetSample {
    const features = this.kept.map((row) => Array.from(row, (value) => Number(value.toPrecision(6))));
    return { seen: this.seen, features };
  }
}

/** One sample of what several met, each with its share. */
export function joinSamples(samples: readonly MetSample[]): MetSample {
  const seen = samples.reduce((sum, sample) => sum + sample.seen, 0);
  const kept = samples.reduce((sum, { features }) => sum + features.length, 0);
  const most = Math.min(MOST, kept);
  return {
    seen,
    features: samples.flatMap((sample) =>
      sample.seen === 0 ? [] : evenly(sample.features, Math.max(1, Math.round((most * sample.seen) / seen))),
    ),
  };
}
