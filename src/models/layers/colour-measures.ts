/** @module Colour and texture of a tile, with integer sums, the same on every processor. Shared with the exporter, without TensorFlow. */

type Triple = readonly [number, number, number];

export interface ColourFeaturesConfig {
  readonly name?: string;
  /** Mean and deviation of the pixels' standardization, which is undone first. */
  readonly mean: Triple;
  readonly std: Triple;
}

/** Six integer channels from 0 to 510: twice red, green and blue, and their three differences. */
export const CHANNELS: { readonly matrix: readonly (readonly number[])[]; readonly addend: readonly number[] } = {
  matrix: [
    [2, 0, 0],
    [0, 2, 0],
    [0, 0, 2],
    [1, -1, 0],
    [0, 1, -1],
    [1, 0, -1],
  ],
  addend: [0, 0, 0, 255, 255, 255],
};

/** The largest value of a channel; features are measured on the scale from 0 to 1. */
export const LARGEST = 510;

/** Levels of the cumulative histograms, between the possible values of a channel, so that rounding does not matter. */
export const THRESHOLDS: readonly number[] = Array.from({ length: 15 }, (_, i) => 32 * (i + 1) - 0.5);

/** Added to a variance, on the scale from 0 to 1. */
export const TINY = 1e-8;

/** Edge lengths of the averaged squares whose spread is measured; each is twice the one before. */
export function scalesOf(size: number): number[] {
  return [2, 4, 8, 16].filter((scale) => size >= 2 * scale);
}

/** Number of features of a tile of the given size. */
export function colourFeatureCount(size: number): number {
  return 6 * (THRESHOLDS.length + 2 + scalesOf(size).length + 1);
}

type Levels = Uint8Array | Uint8ClampedArray;

/** Sums of red, green and blue levels for each block of pixels, row by row. */
interface Blocks {
  readonly sums: Levels | Int32Array;
  readonly height: number;
  readonly width: number;
}

/** The features of `ColourFeatures` before shift and scale, in groups of six channels. @param levels uint8 [height, width, 3] */
export function measureColours(levels: Levels, height: number, width: number): Float32Array {
  const counts = countLevels(levels);
  const moments = counts.map(momentsOfCounts);
  const features = [...sharesAbove(counts), moments.map(({ mean }) => mean), moments.map(({ spread }) => spread)];
  let blocks: Blocks = { sums: levels, height, width };
  for (const scale of scalesOf(height)) {
    blocks = sumsOfFour(blocks);
    features.push(spreadsOf(blocks.sums, scale ** 2));
  }
  const [down, across] = [meanSteps(levels, height, width, width), meanSteps(levels, height, width, 1)];
  features.push(down.map((step, channel) => (step + across[channel]!) / (2 * LARGEST)));
  return Float32Array.from(features.flat());
}

// The loops over pixels do all channels of `CHANNELS` at once, written out, because they run over every tile.

/** For each channel how many pixels have each level. */
function countLevels(levels: Levels): Uint32Array[] {
  const channel = () => new Uint32Array(LARGEST + 1);
  const [red, green, blue, redGreen, greenBlue, redBlue] = [
    channel(),
    channel(),
    channel(),
    channel(),
    channel(),
    channel(),
  ];
  for (let i = 0; i < levels.length; i += 3) {
    const [r, g, b] = [levels[i]!, levels[i + 1]!, levels[i + 2]!];
    red[2 * r]!++;
    green[2 * g]!++;
    blue[2 * b]!++;
    redGreen[r - g + 255]!++;
    greenBlue[g - b + 255]!++;
    redBlue[r - b + 255]!++;
  }
  return [red, green, blue, redGreen, greenBlue, redBlue];
}

/** For each threshold the channels' shares of pixels above it. */
function sharesAbove(counts: readonly Uint32Array[]): number[][] {
  const above = counts.map((own) => own.slice());
  for (const own of above) for (let level = LARGEST - 1; level >= 0; level--) own[level]! += own[level + 1]!;
  return THRESHOLDS.map((threshold) => above.map((own) => own[Math.ceil(threshold)]! / own[0]!));
}

function momentsOfCounts(counts: Uint32Array): { readonly mean: number; readonly spread: number } {
  let [total, sum, squares] = [0, 0, 0];
  for (let level = 0; level < counts.length; level++) {
    const count = counts[level]!;
    total += count;
    sum += count * level;
    squares += count * level * level;
  }
  return { mean: sum / total / LARGEST, spread: deviation(total, sum, squares, LARGEST) };
}

/** Standard deviations of the channels' mean levels in blocks. @param area pixels of a block */
function spreadsOf(sums: Blocks["sums"], area: number): number[] {
  const [total, squares] = [new Float64Array(6), new Float64Array(6)];
  const add = (channel: number, value: number) => {
    total[channel]! += value;
    squares[channel]! += value * value;
  };
  const addend = 255 * area;
  for (let i = 0; i < sums.length; i += 3) {
    const [r, g, b] = [sums[i]!, sums[i + 1]!, sums[i + 2]!];
    add(0, 2 * r);
    add(1, 2 * g);
    add(2, 2 * b);
    add(3, r - g + addend);
    add(4, g - b + addend);
    add(5, r - b + addend);
  }
  return Array.from(total, (sum, channel) => deviation(sums.length / 3, sum, squares[channel]!, LARGEST * area));
}

/** Standard deviation of values divided by `unit`, from integer sums. */
function deviation(count: number, sum: number, squares: number, unit: number): number {
  const mean = sum / count;
  const variance = Math.max(0, squares / count - mean * mean);
  return Math.sqrt(variance / (unit * unit) + TINY);
}

/** Sums over blocks of two by two. */
function sumsOfFour({ sums, height, width }: Blocks): Blocks {
  const [rows, columns] = [height >> 1, width >> 1];
  const result = new Int32Array(rows * columns * 3);
  for (let y = 0, to = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      for (let colour = 0, at = 6 * (y * width + x); colour < 3; colour++, at++, to++) {
        result[to] = sums[at]! + sums[at + 3]! + sums[at + 3 * width]! + sums[at + 3 * width + 3]!;
      }
    }
  }
  return { sums: result, height: rows, width: columns };
}

/** The channels' mean absolute differences of neighbours, 1 apart in a row or `width` apart in a column; 0 if there are none. */
function meanSteps(levels: Levels, height: number, width: number, apart: number): number[] {
  const [rows, columns] = apart === 1 ? [height, width - 1] : [height - 1, width];
  const sums = [0, 0, 0, 0, 0, 0];
  for (let y = 0; y < rows; y++) {
    // Small integers are added fastest.
    let [red, green, blue, redGreen, greenBlue, redBlue] = [0, 0, 0, 0, 0, 0];
    for (let i = 3 * y * width, other = i + 3 * apart; i < 3 * (y * width + columns); i += 3, other += 3) {
      const [r, g, b] = [
        levels[other]! - levels[i]!,
        levels[other + 1]! - levels[i + 1]!,
        levels[other + 2]! - levels[i + 2]!,
      ];
      red = (red + Math.abs(r)) | 0;
      green = (green + Math.abs(g)) | 0;
      blue = (blue + Math.abs(b)) | 0;
      redGreen = (redGreen + Math.abs(r - g)) | 0;
      greenBlue = (greenBlue + Math.abs(g - b)) | 0;
      redBlue = (redBlue + Math.abs(r - b)) | 0;
    }
    [2 * red, 2 * green, 2 * blue, redGreen, greenBlue, redBlue].forEach((sum, channel) => {
      sums[channel]! += sum;
    });
  }
  return sums.map((sum) => sum / Math.max(1, rows * columns));
}
