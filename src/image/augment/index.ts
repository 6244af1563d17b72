/** @module Augmentation of training images (uint8 pixels), reproducible from seed, epoch and image. */
import { InputError } from "../../errors/index";
import { Random } from "../../random/index";
import { type RandomBlur, randomBlur } from "./blur";
import { type ColourJitter, jitterColour } from "./colour";
import { type RandomCrop, randomCrop } from "./crop";
import { dihedral } from "./dihedral";
import { jitterStain } from "./stain";

export { blur } from "./blur";
export { jitterColour } from "./colour";
export { randomCrop } from "./crop";
export { dihedral } from "./dihedral";
export { scaleStains } from "./stain";

/** The changes to a training image, applied in this order. Plain data. */
export interface Augmentation {
  /** One of the eight flips and quarter turns. */
  readonly dihedral?: boolean;
  readonly crop?: RandomCrop;
  /** Random stain strengths around the image's own. */
  readonly stain?: boolean;
  readonly jitter?: ColourJitter;
  readonly blur?: RandomBlur;
}

/** Changes an image in place: uint8, [size, size, 3]. The same epoch and image give the same change. */
export type PixelAugmentation = (pixels: Uint8Array, size: number, epoch: number, image: number) => void;

const PRESETS = {
  dihedral: { dihedral: true },
  crop: { crop: { area: [0.7, 1] } },
  stain: { stain: true },
  jitter: { jitter: { brightness: 0.1, contrast: 0.15, saturation: 0.15, hue: 6 } },
  blur: { blur: { probability: 0.2, sigma: 1.2 } },
} as const satisfies Record<string, Augmentation>;

/** The names that {@link augmentationNamed} knows. */
export const AUGMENTATIONS: readonly string[] = Object.keys(PRESETS);

/**
 * The augmentation of a list of names such as `dihedral` or `dihedral,stain,blur`; `none` for nothing, `all` for everything.
 * @throws {InputError} `AUGMENTATION_UNKNOWN`
 */
export function augmentationNamed(names: string): Augmentation {
  if (names === "none" || names === "") return {};
  const wanted = names === "all" ? AUGMENTATIONS : names.split(",").map((name) => name.trim());
  const unknown = wanted.find((name) => !Object.hasOwn(PRESETS, name));
  if (unknown !== undefined) {
    const known = `${AUGMENTATIONS.join(", ")} (several joined by commas), all, none`;
    const what = unknown === "none" || unknown === "all" ? "cannot be combined" : `is not one of ${known}`;
    throw new InputError("AUGMENTATION_UNKNOWN", `--augment ${names}: "${unknown}" ${what}.`);
  }
  return Object.assign({}, ...wanted.map((name) => PRESETS[name as keyof typeof PRESETS])) as Augmentation;
}

/** Creates the function of an augmentation; undefined if it changes nothing. */
export function createAugmentation(augmentation: Augmentation, seed: number): PixelAugmentation | undefined {
  if (Object.keys(augmentation).length === 0) return undefined;
  let scratch = new Uint8Array(0);
  return (pixels, size, epoch, image) => {
    const random = (purpose: string) => new Random(seed, purpose, epoch, image);
    const rewrite = (draw: (from: Uint8Array) => void) => {
      if (scratch.length !== pixels.length) scratch = new Uint8Array(pixels.length);
      scratch.set(pixels);
      draw(scratch);
    };
    if (augmentation.dihedral) {
      const view = random("dihedral").integer(8);
      if (view !== 0) rewrite((from) => dihedral(from, pixels, size, view));
    }
    const { crop, stain, jitter } = augmentation;
    if (crop) rewrite((from) => randomCrop(from, pixels, size, crop, random("crop")));
    if (stain) jitterStain(pixels, random("stain"));
    if (jitter) jitterColour(pixels, jitter, random("jitter"));
    if (augmentation.blur) randomBlur(pixels, size, augmentation.blur, random("blur"));
  };
}
