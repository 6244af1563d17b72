/**
 * @module Colour transfer: gives each channel of CIELAB the reference's mean and standard deviation.
 * @see Reinhard et al., "Color transfer between images", IEEE Computer Graphics and Applications 2001; in CIELAB (D65), as
 * is usual for histology.
 */
import { onDemand } from "../../collections/index";

/** Mean and standard deviation of L*, a*, b* over a tile. */
export interface LabProfile {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** Pixels below the first lightness are tissue, from the second one on background; between them both are blended. */
const BACKGROUND_LIGHTNESS = [80, 92] as const;

/** Tiles that vary less, in lightness or in both colours, have a uniform colour or shades of grey: their noise must not be amplified. */
const LEAST_DEVIATION = { lightness: 3, colour: 0.5 } as const;

/** Whether a tile's deviations say something about its stains. */
export function isColourful({ std: [lightness, a, b] }: LabProfile): boolean {
  return lightness >= LEAST_DEVIATION.lightness && Math.max(a, b) >= LEAST_DEVIATION.colour;
}

const RGB_TO_XYZ = [
  [0.412453 / 0.95047, 0.35758 / 0.95047, 0.180423 / 0.95047],
  [0.212671, 0.71516, 0.072169],
  [0.019334 / 1.08883, 0.119193 / 1.08883, 0.950227 / 1.08883],
] as const;

/**
 * Mean and deviation of a tile in CIELAB.
 * @param pixels uint8 RGB
 * @param tissueOnly ignore the background
 */
export function reinhardProfile(pixels: Uint8Array, tissueOnly = false): LabProfile {
  return profileOf(toLab(pixels), tissueOnly);
}

/**
 * Gives a tile the reference's colour statistics. Copies tiles of a uniform colour or of shades of grey unchanged.
 * @param tissueOnly ignore the background in the statistics and do not change it
 */
export function reinhardTransform(
  pixels: Uint8Array,
  reference: LabProfile,
  into: Uint8Array,
  tissueOnly = false,
): void {
  const lab = toLab(pixels);
  const found = profileOf(lab, tissueOnly);
  if (!isColourful(found)) {
    into.set(pixels);
    return;
  }
  const scale = Float64Array.from(found.std, (std, i) => (std > 0 ? (reference.std[i] as number) / std : 1));
  const shift = scale.map((factor, i) => (reference.mean[i] as number) - factor * (found.mean[i] as number));
  recolour(pixels, lab, scale, shift, into, tissueOnly);
}

/** Separate from the statistics, and with factors and shifts in typed arrays, so that V8 compiles it only once. */
function recolour(
  pixels: Uint8Array,
  lab: Float32Array,
  scale: Float64Array,
  shift: Float64Array,
  into: Uint8Array,
  tissueOnly: boolean,
): void {
  const [scaleL = 1, scaleA = 1, scaleB = 1] = scale;
  const [shiftL = 0, shiftA = 0, shiftB = 0] = shift;
  const [tissueUpTo, emptyFrom] = BACKGROUND_LIGHTNESS;
  const encoded = encodedBytes();
  for (let i = 0; i < pixels.length; i += 3) {
    const y = (scaleL * (lab[i] as number) + shiftL + 16) / 116;
    const x = y + (scaleA * (lab[i + 1] as number) + shiftA) / 500;
    const z = y - (scaleB * (lab[i + 2] as number) + shiftB) / 200;
    const [lx, ly, lz] = [undistort(x), undistort(y), undistort(z)];
    const [r, g, b] = [pixels[i] as number, pixels[i + 1] as number, pixels[i + 2] as number];
    const kept = tissueOnly ? ((lab[i] as number) - tissueUpTo) / (emptyFrom - tissueUpTo) : 0;
    into[i] = blend(encode(XYZ_TO_RGB[0] * lx + XYZ_TO_RGB[1] * ly + XYZ_TO_RGB[2] * lz, encoded), r, kept);
    into[i + 1] = blend(encode(XYZ_TO_RGB[3] * lx + XYZ_TO_RGB[4] * ly + XYZ_TO_RGB[5] * lz, encoded), g, kept);
    into[i + 2] = blend(encode(XYZ_TO_RGB[6] * lx + XYZ_TO_RGB[7] * ly + XYZ_TO_RGB[8] * lz, encoded), b, kept);
  }
}

function blend(changed: number, original: number, kept: number): number {
  if (kept <= 0) return changed;
  return kept >= 1 ? original : changed + kept * (original - changed);
}

function profileOf(lab: Float32Array, tissueOnly: boolean): LabProfile {
  const brightest = tissueOnly ? BACKGROUND_LIGHTNESS[0] : Number.POSITIVE_INFINITY;
  const [n, ...sums] = sumLab(lab, brightest);
  const mean = sums.map((sum) => sum / n) as [number, number, number];
  const std = sumSquares(lab, brightest, ...mean).map((sum) => Math.sqrt(sum / n)) as [number, number, number];
  return { mean, std };
}

// As in percentile.ts, the loops over all pixels are separate functions.

/** Number of pixels darker than the limit, and sums of their L*, a* and b*. */
function sumLab(lab: Float32Array, brightest: number): [n: number, l: number, a: number, b: number] {
  let [n, sumL, sumA, sumB] = [0, 0, 0, 0];
  for (let i = 0; i < lab.length; i += 3) {
    if ((lab[i] as number) >= brightest) continue;
    n++;
    sumL += lab[i] as number;
    sumA += lab[i + 1] as number;
    sumB += lab[i + 2] as number;
  }
  return [n, sumL, sumA, sumB];
}

function sumSquares(lab: Float32Array, brightest: number, meanL: number, meanA: number, meanB: number): number[] {
  let [squareL, squareA, squareB] = [0, 0, 0];
  for (let i = 0; i < lab.length; i += 3) {
    if ((lab[i] as number) >= brightest) continue;
    squareL += ((lab[i] as number) - meanL) ** 2;
    squareA += ((lab[i + 1] as number) - meanA) ** 2;
    squareB += ((lab[i + 2] as number) - meanB) ** 2;
  }
  return [squareL, squareA, squareB];
}

/** Contribution of each byte of each RGB channel to X, Y and Z relative to white: nine tables of 256. */
const xyzOfByte = onDemand(() =>
  Float64Array.from({ length: 9 * 256 }, (_, index) => {
    const [row, channel, byte] = [Math.floor(index / 768), Math.floor(index / 256) % 3, index % 256];
    const value = byte / 255;
    const linear = value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92;
    return (RGB_TO_XYZ[row] as readonly number[])[channel]! * linear;
  }),
);

const DISTORT_STEPS = 1 << 12;
/** The nonlinearity of CIELAB from 0 to 1, to be interpolated. */
const distortedValues = onDemand(() =>
  Float64Array.from({ length: DISTORT_STEPS + 3 }, (_, step) => {
    const value = step / DISTORT_STEPS;
    return value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116;
  }),
);

function distort(value: number, distorted: Float64Array): number {
  const position = value * DISTORT_STEPS;
  const step = position | 0;
  const lower = distorted[step] as number;
  return lower + (position - step) * ((distorted[step + 1] as number) - lower);
}

function undistort(value: number): number {
  return value > 0.2068966 ? value * value * value : (value - 16 / 116) / 7.787;
}

function toLab(pixels: Uint8Array): Float32Array {
  const [t, distorted] = [xyzOfByte(), distortedValues()];
  const lab = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 3) {
    const [r, g, b] = [pixels[i] as number, 256 + (pixels[i + 1] as number), 512 + (pixels[i + 2] as number)];
    const x = distort((t[r] as number) + (t[g] as number) + (t[b] as number), distorted);
    const y = distort((t[768 + r] as number) + (t[768 + g] as number) + (t[768 + b] as number), distorted);
    const z = distort((t[1536 + r] as number) + (t[1536 + g] as number) + (t[1536 + b] as number), distorted);
    lab[i] = 116 * y - 16;
    lab[i + 1] = 500 * (x - y);
    lab[i + 2] = 200 * (y - z);
  }
  return lab;
}

const XYZ_TO_RGB = invert(RGB_TO_XYZ);
const ENCODE_STEPS = 1 << 15;
/** sRGB bytes of linear light from 0 to 1. */
const encodedBytes = onDemand(() =>
  Uint8Array.from({ length: ENCODE_STEPS + 1 }, (_, step) => {
    const linear = step / ENCODE_STEPS;
    return Math.round(255 * (linear > 0.0031308 ? 1.055 * linear ** (1 / 2.4) - 0.055 : 12.92 * linear));
  }),
);

function encode(linear: number, encoded: Uint8Array): number {
  return encoded[linear <= 0 ? 0 : linear >= 1 ? ENCODE_STEPS : (linear * ENCODE_STEPS + 0.5) | 0] as number;
}

type Nine = [number, number, number, number, number, number, number, number, number];

/** Inverse of a 3x3 matrix, row-major. */
function invert(m: readonly (readonly number[])[]): Nine {
  const [a, b, c, d, e, f, g, h, i] = m.flat() as Nine;
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const adjugate = [
    e * i - f * h,
    c * h - b * i,
    b * f - c * e,
    f * g - d * i,
    a * i - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ];
  return adjugate.map((value) => value / determinant) as Nine;
}
