/** @module Features of an image's appearance, for deciding whether a model was trained on such images, and a sample of those of a service. Needs no network. */
import { spreadOver } from "../collections/index";
import type { PixelStore } from "../dataset/index";
import { measureColours } from "../models/colour/index";
import { Random } from "../random/index";
import { measureStructure, measureTexture } from "./structure";

/** Uses the middle of larger images without resizing, which would remove the differences between scanners. */
const EDGE = 112;
/** Least difference of the strongest and the weakest channel of a tissue pixel. */
const TISSUE_CHROMA = 24;

/** Simple measures of an image. */
export interface Glance {
  /** Standard deviation of the luminance, 0 to 255. */
  readonly contrast: number;
  /** Share of tissue pixels, 0 to 1. */
  readonly tissue: number;
}

/** Colour and texture features of an image. */
export interface Look extends Glance {
  /** Those of `measureColours`, {@link measureTexture} and {@link measureStructure}, one after the other. */
  readonly features: Float32Array;
}

/** Measures an image. @param pixels uint8, RGB, [size, size, 3] */
export function lookOf(pixels: Uint8Array, size: number): Look {
  const edge = Math.min(size, EDGE);
  const middle = middleOf(pixels, size);
  const features = Float32Array.from([
    ...measureColours(middle, edge, edge),
    ...measureTexture(middle, edge),
    ...measureStructure(middle),
  ]);
  return { features, ...glanceAt(middle, edge) };
}

/** Measures the images at the given positions of a store. */
export function looksAt(store: PixelStore, positions: readonly number[]): Look[] {
  const pixels = new Uint8Array(store.bytesPerImage);
  return positions.map((position) => {
    store.read([position], pixels);
    return lookOf(pixels, store.size);
  });
}

/** Computes only the simple measures of {@link lookOf}. @param pixels uint8, RGB, [size, size, 3] */
export function glanceAt(pixels: Uint8Array, size: number): Glance {
  const middle = middleOf(pixels, size);
  let [sum, squares, coloured] = [0, 0, 0];
  for (let i = 0; i < middle.length; i += 3) {
    const [r, g, b] = [middle[i] as number, middle[i + 1] as number, middle[i + 2] as number];
    const grey = 0.299 * r + 0.587 * g + 0.114 * b;
    sum += grey;
    squares += grey * grey;
    if (Math.max(r, g, b) - Math.min(r, g, b) > TISSUE_CHROMA) coloured++;
  }
  const count = middle.length / 3;
  return { contrast: Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2)), tissue: coloured / count };
}

function middleOf(pixels: Uint8Array, size: number): Uint8Array {
  const edge = Math.min(size, EDGE);
  if (edge === size) return pixels;
  const result = new Uint8Array(edge * edge * 3);
  const start = (size - edge) >> 1;
  for (let y = 0; y < edge; y++) {
    const from = ((start + y) * size + start) * 3;
    result.set(pixels.subarray(from, from + 3 * edge), 3 * edge * y);
  }
  return result;
}

/** A random sample of the images seen. */
export interface MetSample {
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
