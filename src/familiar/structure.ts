/**
 * @module The texture of an image, and how its colours are arranged: their absorption, how channels vary together, hue and saturation. Exchanged channels,
 * other stains, washed-out colours and another exposure change these ratios more than any single colour.
 */

/** Number of values of {@link measureStructure}. */
export const STRUCTURES = 20;

/** Optical density of a level (Beer and Lambert): absorption adds up where stains overlap. */
const DENSITY = Float64Array.from({ length: 256 }, (_, level) => -Math.log((level + 1) / 256));
/** Weights of red, green and blue in the luminance (ITU-R BT.601). */
const LUMA = [0.299, 0.587, 0.114] as const;
/** Keep logarithms and ratios of even images finite. */
const LEAST = { density: 0.01, variance: 1e-4, level: 1, correlation: 0.999 } as const;
const HALF_ROOT_3 = Math.sqrt(3) / 2;
/** Red less green, green less blue, red less blue. */
const OPPONENTS = [
  [0, 1],
  [1, 2],
  [0, 2],
] as const;

/**
 * Logarithms of the mean and the deviation of each channel's optical density and the channels' correlations; for each difference of two
 * channels its correlation with the luminance and its deviation relative to the luminance's; mean chroma, mean and deviation of the
 * saturation, and the mean direction of the hue. Correlations are Fisher-transformed.
 * @param pixels uint8, RGB
 */
export function measureStructure(pixels: Uint8Array): number[] {
  const [density, level] = [new Moments(), new Moments()];
  const n = pixels.length / 3;
  let [chroma, saturation, squares, alongRed, alongGreen, coloured] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < pixels.length; i += 3) {
    const r = pixels[i]!;
    const g = pixels[i + 1]!;
    const b = pixels[i + 2]!;
    level.add(r, g, b);
    density.add(DENSITY[r]!, DENSITY[g]!, DENSITY[b]!);
    const most = r > g ? (r > b ? r : b) : g > b ? g : b;
    const apart = most - (r < g ? (r < b ? r : b) : g < b ? g : b);
    const share = apart / (most + 1);
    chroma += apart;
    saturation += share;
    squares += share * share;
    const red = r - (g + b) / 2;
    const green = HALF_ROOT_3 * (g - b);
    alongRed += red;
    alongGreen += green;
    coloured += Math.sqrt(red * red + green * green);
  }
  const ofSaturation = saturation / n;
  return [
    ...[0, 1, 2].map((channel) => Math.log(density.mean(channel) + LEAST.density)),
    ...[0, 1, 2].map((channel) => Math.log(Math.sqrt(density.covariance(channel, channel)) + LEAST.density)),
    ...OPPONENTS.map(([a, b]) => {
      const deviations = [a, b].map((channel) => Math.sqrt(density.covariance(channel, channel) + LEAST.variance));
      return fisher(density.covariance(a, b) / (deviations[0]! * deviations[1]!));
    }),
    ...againstLuminance(level),
    Math.log(chroma / n + 1),
    ofSaturation,
    Math.log(Math.sqrt(Math.max(0, squares / n - ofSaturation ** 2)) + LEAST.density),
    alongRed / (coloured + LEAST.level),
    alongGreen / (coloured + LEAST.level),
  ];
}

/** For each opponent pair the correlation with the luminance, and the logarithm of the ratio of the deviations. */
function againstLuminance(level: Moments): number[] {
  const withLuminance = [0, 1, 2].map((channel) =>
    LUMA.reduce((sum, weight, other) => sum + weight * level.covariance(channel, other), 0),
  );
  const luminance = LUMA.reduce((sum, weight, channel) => sum + weight * withLuminance[channel]!, 0);
  const deviation = Math.sqrt(Math.max(0, luminance) + LEAST.level);
  return OPPONENTS.flatMap(([a, b]) => {
    const variance = level.covariance(a, a) + level.covariance(b, b) - 2 * level.covariance(a, b);
    const own = Math.sqrt(Math.max(0, variance) + LEAST.level);
    const correlation = (withLuminance[a]! - withLuminance[b]!) / (own * deviation);
    return [fisher(correlation), Math.log(own / deviation)];
  });
}

function fisher(correlation: number): number {
  return Math.atanh(Math.max(-LEAST.correlation, Math.min(LEAST.correlation, correlation)));
}

/** Means and covariances of three values, one number each so that adding is fast. */
class Moments {
  private n = 0;
  private a = 0;
  private b = 0;
  private c = 0;
  private aa = 0;
  private ab = 0;
  private bb = 0;
  private ac = 0;
  private bc = 0;
  private cc = 0;

  add(a: number, b: number, c: number): void {
    this.n++;
    this.a += a;
    this.b += b;
    this.c += c;
    this.aa += a * a;
    this.ab += a * b;
    this.bb += b * b;
    this.ac += a * c;
    this.bc += b * c;
    this.cc += c * c;
  }

  mean(which: number): number {
    return [this.a, this.b, this.c][which]! / this.n;
  }

  covariance(one: number, other: number): number {
    const products = [
      [this.aa, this.ab, this.ac],
      [this.ab, this.bb, this.bc],
      [this.ac, this.bc, this.cc],
    ];
    const found = products[one]![other]! / this.n - this.mean(one) * this.mean(other);
    return one === other ? Math.max(0, found) : found;
  }
}

/** Number of values of {@link measureTexture}. */
export const TEXTURES = 16;

/** Number of scales, each twice as coarse as the one before. */
const SCALES = 4;
/** Added to mean differences of levels before taking the logarithm. */
const LEAST_DIFFERENCE = 1e-3;

/** Integers in row-major order; `unit` of them are one level. */
interface Plane {
  readonly values: Int32Array;
  readonly edge: number;
  readonly unit: number;
}

/**
 * Logarithms of mean absolute differences of the luminance at each scale (curvature and differences two pixels apart, both relative to
 * those of neighbours, and the latter themselves), then of red relative to green and green relative to blue.
 * @param pixels uint8, RGB, [edge, edge, 3]
 */
export function measureTexture(pixels: Uint8Array, edge: number): number[] {
  const measures: number[] = [];
  let plane = planeOf(pixels, edge, [1, 2, 1]);
  for (let scale = 0; scale < SCALES; scale++) {
    const { curvature, steps, longSteps } = differencesIn(plane);
    measures.push(curvature - steps, longSteps - steps, steps);
    plane = halved(plane);
  }
  const of = (weights: Triple) => differencesIn(planeOf(pixels, edge, weights));
  const [red, green, blue] = [of([1, 0, 0]), of([0, 1, 0]), of([0, 0, 1])];
  for (const measure of ["curvature", "steps"] as const) {
    measures.push(red[measure] - green[measure], green[measure] - blue[measure]);
  }
  return measures;
}

type Triple = readonly [number, number, number];

function planeOf(pixels: Uint8Array, edge: number, [r, g, b]: Triple): Plane {
  const values = new Int32Array(edge * edge);
  for (let i = 0, at = 0; i < values.length; i++, at += 3) {
    values[i] = r * pixels[at]! + g * pixels[at + 1]! + b * pixels[at + 2]!;
  }
  return { values, edge, unit: r + g + b };
}

/** Sums of two by two values. */
function halved({ values, edge, unit }: Plane): Plane {
  const half = edge >> 1;
  const sums = new Int32Array(half * half);
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      const at = 2 * (y * edge + x);
      sums[y * half + x] = values[at]! + values[at + 1]! + values[at + edge]! + values[at + edge + 1]!;
    }
  }
  return { values: sums, edge: half, unit: 4 * unit };
}

/**
 * Logarithms of mean absolute differences in rows and columns: of a value from its four neighbours (the Laplacian), of neighbours, and of
 * values two apart. Differences of too small planes are 0.
 */
function differencesIn({ values, edge, unit }: Plane) {
  let [bend, near, far] = [0, 0, 0];
  for (let y = 2; y < edge - 1; y++) {
    for (let at = y * edge + 2; at < (y + 1) * edge - 1; at++) {
      const value = values[at]!;
      const [left, above] = [values[at - 1]!, values[at - edge]!];
      bend += Math.abs(4 * value - left - above - values[at + 1]! - values[at + edge]!);
      near += Math.abs(value - left) + Math.abs(value - above);
      far += Math.abs(value - values[at - 2]!) + Math.abs(value - values[at - 2 * edge]!);
    }
  }
  const count = Math.max(1, edge - 3) ** 2 * unit;
  const logOf = (sum: number) => Math.log(sum / count + LEAST_DIFFERENCE);
  return { curvature: logOf(bend), steps: logOf(near / 2), longSteps: logOf(far / 2) };
}
