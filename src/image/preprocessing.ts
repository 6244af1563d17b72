/** @module What happens to an image between its file and the model: one description for training, export and serving. */

/** How an image of another size is brought to the model's size. */
export type ResizePolicy = "exact" | "stretch" | "pad" | "crop";

/** From a decoded image to the model's input. Plain data: it is written into `model.json` as it is. */
export interface Preprocessing {
  /** Edge length of the model's square input in pixels. */
  readonly size: number;
  readonly resize: ResizePolicy;
  /** Bits that the values of 16-bit files use; absent where they fill all 16. */
  readonly bitDepth?: number;
  /** Per-channel mean of the training pixels on the scale 0 to 1. */
  readonly mean: readonly [number, number, number];
  /** Per-channel standard deviation of the training pixels on the scale 0 to 1. */
  readonly std: readonly [number, number, number];
  /** Stain normalization applied to the uint8 pixels before standardization; absent for none. */
  readonly stain?: StainNormalization;
}

/** A fitted stain normalizer: the method and what it learned from its reference tile. */
export interface StainNormalization {
  readonly method: "reinhard" | "macenko" | "vahadane";
  readonly parameters: Readonly<Record<string, readonly number[]>>;
}
