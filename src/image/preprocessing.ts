/** @module The preprocessing of images, shared by training, export and serving. */

/** How images are resized to the model's size. */
export type ResizePolicy = "exact" | "stretch" | "pad" | "crop";

/** From a decoded image to the model's input. Plain data, stored in `model.json`. */
export interface Preprocessing {
  /** Edge length of the model's square input in pixels. */
  readonly size: number;
  readonly resize: ResizePolicy;
  /**
   * Edge length in pixels that training images had before they were resized; absent if it is `size`. Tiles that are cut from
   * slides and large pictures need it, because they must show as much tissue as the training images.
   */
  readonly tileEdge?: number;
  /** Bits that the values of 16-bit files use, if fewer than 16. */
  readonly bitDepth?: number;
  /** Per-channel mean of the training pixels, on a scale from 0 to 1. */
  readonly mean: readonly [number, number, number];
  /** Per-channel standard deviation of the training pixels, on a scale from 0 to 1. */
  readonly std: readonly [number, number, number];
  /** Stain normalization applied to the uint8 pixels before standardization; absent for none. */
  readonly stain?: StainNormalization;
}

/** Edge length in pixels of the images that a model expects before they are resized. */
export function tileEdgeOf({ size, tileEdge = size }: Pick<Preprocessing, "size" | "tileEdge">): number {
  return tileEdge;
}

/** The side of an image that is resized to the model's size: the longer one if the other is padded, else the shorter one. */
export function resizedSide(width: number, height: number, resize: ResizePolicy): number {
  return resize === "pad" ? Math.max(width, height) : Math.min(width, height);
}

/** A fitted stain normalization: the method and the parameters learned from the reference tile. */
export interface StainNormalization {
  readonly method: "reinhard" | "macenko" | "vahadane";
  readonly parameters: Readonly<Record<string, readonly number[]>>;
}
