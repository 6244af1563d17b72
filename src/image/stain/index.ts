/** @module Stain normalization: learns the colours of a reference tile and applies them to other tiles. */
import { InputError } from "../../errors/index";
import type { StainNormalization } from "../preprocessing/index";
import { macenkoProfile, macenkoTransform } from "./macenko";
import type { StainProfile } from "./optical-density";
import { isColourful, reinhardProfile, reinhardTransform } from "./reinhard";
import { vahadaneProfile, vahadaneTransform } from "./vahadane";

export type StainMethod = StainNormalization["method"];

/** Changes the colours of a tile: uint8 RGB in, uint8 RGB of the same length out (written to `into`, if given). */
export type StainNormalizer = (pixels: Uint8Array, into?: Uint8Array) => Uint8Array;

export interface StainFitOptions {
  /**
   * Reinhard only: use only tissue for statistics and do not change the background. The published method (the default) uses all
   * pixels, and so tints the background of tiles that have more of it than the reference.
   */
  readonly tissueOnly?: boolean | undefined;
}

/**
 * Learns a reference tile's colours.
 * @param reference uint8 RGB, any number of pixels
 * @throws {InputError} `STAIN_REFERENCE_UNUSABLE` if the tile has too little tissue or only one stain
 */
export function fitStain(
  method: StainMethod,
  reference: Uint8Array,
  { tissueOnly = false }: StainFitOptions = {},
): StainNormalization {
  if (method === "reinhard") {
    const profile = reinhardProfile(reference, tissueOnly);
    if (!isColourful(profile)) throw unusable(method);
    return { method, parameters: { ...profile, ...(tissueOnly && { tissueOnly: [1] }) } };
  }
  const profile = method === "macenko" ? macenkoProfile(reference) : vahadaneProfile(reference);
  if (!profile) throw unusable(method);
  return { method, parameters: { stains: profile.stains.flat(), maximum: profile.maximum } };
}

/**
 * Creates the normalizer of a fit. It does not change tiles without tissue, and separates tiles with only one stain by the reference's
 * stains.
 * @throws {InputError} `STAIN_PARAMETERS` if the parameters are incomplete
 */
export function stainNormalizer({ method, parameters }: StainNormalization): StainNormalizer {
  const values = (name: string, length: number) => {
    const list = parameters[name];
    if (list?.length === length && list.every(Number.isFinite)) return list;
    throw new InputError("STAIN_PARAMETERS", `The ${method} stain normalization needs ${length} numbers "${name}".`);
  };
  const triple = (list: readonly number[], from = 0) => list.slice(from, from + 3) as [number, number, number];
  if (method === "reinhard") {
    const reference = { mean: triple(values("mean", 3)), std: triple(values("std", 3)) };
    return (pixels, into = new Uint8Array(pixels.length)) => {
      reinhardTransform(pixels, reference, into, parameters.tissueOnly?.[0] === 1);
      return into;
    };
  }
  const stains = values("stains", 6);
  const maximum = values("maximum", 2) as unknown as readonly [number, number];
  const reference: StainProfile = { stains: [triple(stains), triple(stains, 3)], maximum };
  const transform = method === "macenko" ? macenkoTransform : vahadaneTransform;
  return (pixels, into = new Uint8Array(pixels.length)) => {
    transform(pixels, reference, into);
    return into;
  };
}

function unusable(method: string): InputError {
  const message = `The reference tile for ${method} normalization has too little tissue or only one stain; choose another tile.`;
  return new InputError("STAIN_REFERENCE_UNUSABLE", message);
}
