/**
 * @module Stain normalization by sparse non-negative matrix factorization of the optical densities.
 * @see Vahadane et al., "Structure-preserving color normalization and sparse stain separation for histological images",
 * IEEE Transactions on Medical Imaging 2016. Penalties as in StainTools (0.1 to learn the stains, 0.01 for concentrations).
 */
import { onDemand } from "../../collections/index";
import { densityTable, IntensityTable } from "./optical-density";
import { percentile } from "./percentile";
import { SparseCoder } from "./sparse-codes";
import { learnVectors, type Vectors } from "./stain-learning";
import { areTwoStains, concentrationScale, orderedStains, type StainMatrix, type StainProfile } from "./two-stains";

const LIGHT = 255;
const LEARNING_PENALTY = 0.1;
const CODING_PENALTY = 0.01;
const MAXIMUM_PERCENTILE = 99;
/** Tissue is darker than lightness 79.8 (0.8 of 255 in eight bits), given as luminance of linear light. */
const TISSUE_LUMINANCE = ((203.5 / 2.55 + 16) / 116) ** 3;
const LEAST_TISSUE = 0.005;
/** Between the stains of real tiles the sine is 0.14 to 0.27; within one noisy stain it is below this. */
const LEAST_SINE = 0.11;
/** Start of learning: the vectors of Ruifrok and Johnston, 2001. Fixed, so that the result is not random. */
const START: Vectors = orderedStains([0.65, 0.7, 0.29], [0.07, 0.99, 0.11]).flat();

const DENSITY = densityTable((byte) => Math.max(1, byte) / LIGHT).map((density) => Math.max(density, 1e-6));
const intensityTable = onDemand(() => new IntensityTable(LIGHT));
const LUMINANCE = Float64Array.from({ length: 768 }, (_, index) => {
  const value = (index & 255) / 255;
  const linear = value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92;
  return ([0.212671, 0.71516, 0.072169][index >> 8] as number) * linear;
});

/** The stains of a tile; undefined with too little coloured tissue or only one stain. @param pixels uint8 RGB */
export function vahadaneProfile(pixels: Uint8Array): StainProfile | undefined {
  const stains = learnStains(pixels);
  if (stains === undefined || stains === "blank") return undefined;
  return { stains, maximum: maxima(concentrations(pixels, stains)) };
}

/** Changes a tile's stains to the reference's. Copies tiles without coloured tissue unchanged. */
export function vahadaneTransform(pixels: Uint8Array, reference: StainProfile, into: Uint8Array): void {
  const own = learnStains(pixels);
  if (own === "blank") {
    into.set(pixels);
    return;
  }
  const stains = own ?? reference.stains;
  const codes = concentrations(pixels, stains);
  const [scaleH, scaleE] = concentrationScale({ stains, maximum: maxima(codes) }, reference, own === undefined);
  const [vectorH, vectorE] = reference.stains;
  const vectors = [...vectorH.map((density) => density * scaleH), ...vectorE.map((density) => density * scaleE)];
  intensityTable().paint(codes.h, codes.e, vectors, into);
}

/** `blank` with too little coloured tissue, undefined with only one stain. */
function learnStains(pixels: Uint8Array): StainMatrix | "blank" | undefined {
  const tissue = { pixels, density: DENSITY, luminance: LUMINANCE, limit: TISSUE_LUMINANCE };
  const learned = learnVectors(tissue, START, LEARNING_PENALTY, LEAST_TISSUE);
  if (learned === undefined || learned === "blank") return learned;
  const stains = orderedStains(learned.slice(0, 3), learned.slice(3));
  return areTwoStains(stains, LEAST_SINE) ? stains : undefined;
}

interface Codes {
  readonly h: Float32Array;
  readonly e: Float32Array;
}

let buffer: Codes = { h: new Float32Array(0), e: new Float32Array(0) };

/** Concentrations of the stains in reused memory, valid until the next call. */
function concentrations(pixels: Uint8Array, stains: StainMatrix): Codes {
  const n = pixels.length / 3;
  if (buffer.h.length !== n) buffer = { h: new Float32Array(n), e: new Float32Array(n) };
  new SparseCoder(stains.flat(), CODING_PENALTY).encode(pixels, DENSITY, buffer.h, buffer.e);
  return buffer;
}

function maxima({ h, e }: Codes): [number, number] {
  return [percentile(h, h.length, MAXIMUM_PERCENTILE), percentile(e, e.length, MAXIMUM_PERCENTILE)];
}
