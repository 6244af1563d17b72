/**
 * @module Finds tissue in a slide's thumbnail by its colour. Glass, dust and shadows have none; black, green, blue and red
 * ink have colours that no stain has.
 */

export interface Thumbnail {
  readonly width: number;
  readonly height: number;
  /** uint8, RGB, [height, width, 3]. */
  readonly pixels: Uint8Array;
  /** Number of level 0 pixels along a pixel. */
  readonly downsample: number;
  /** 1 for each pixel that is white because it could not be read; absent if there is none. */
  readonly unread?: Uint8Array;
}

/** Bounds of the threshold on chroma (largest minus smallest channel, 0 to 255): glass is below, tissue above. */
const LEAST_CHROMA = 12;
const MOST_CHROMA = 30;
/** Darker pixels are ink, folds in the cover slip or edges of the scan. */
const BLACK = 50;
const BACKGROUND_QUANTILE = 0.95;
/** Minimum share of tissue among a pixel and its neighbours, of which there are fewer at the edges: dust is smaller. */
const LEAST_NEIGHBOURHOOD = 4 / 9;

/** 1 for each pixel that shows tissue or may show it, because it could not be read; else 0. */
export function tissueMask({ width, height, pixels, unread }: Thumbnail): Uint8Array {
  const scale = [0, 1, 2].map((channel) => 255 / Math.max(128, quantile(pixels, channel)));
  const count = width * height;
  const chroma = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const [r, g, b] = [0, 1, 2].map((c) => Math.min(255, (pixels[3 * i + c] as number) * (scale[c] as number)));
    const high = Math.max(r as number, g as number, b as number);
    const low = Math.min(r as number, g as number, b as number);
    const excluded = high < BLACK || isInk(r as number, g as number, b as number, high, low);
    chroma[i] = excluded ? 0 : Math.round(high - low);
  }
  const threshold = Math.min(MOST_CHROMA, Math.max(LEAST_CHROMA, otsu(chroma)));
  const coloured = chroma.map((value) => (value >= threshold ? 1 : 0));
  const mask = withoutSpecks(coloured, width, height);
  return unread ? mask.map((value, i) => value | (unread[i] as number)) : mask;
}

/** Inks by hue (degrees) and saturation; haematoxylin lies at 240 to 290, eosin and blood at 320 to 360, DAB at 15 to 40. */
function isInk(r: number, g: number, b: number, high: number, low: number): boolean {
  const range = high - low;
  if (range < LEAST_CHROMA) return false;
  const saturation = range / high;
  const sector = high === r ? (g - b) / range : high === g ? 2 + (b - r) / range : 4 + (r - g) / range;
  const hue = (60 * sector + 360) % 360;
  if (hue >= 70 && hue < 190) return saturation > 0.15;
  if (hue >= 190 && hue < 242) return saturation > 0.45;
  return (hue >= 345 || hue < 12) && saturation > 0.75 && high > 120;
}

/** The channel's value in glass: a high quantile. */
function quantile(pixels: Uint8Array, channel: number): number {
  const histogram = new Uint32Array(256);
  for (let i = channel; i < pixels.length; i += 3) histogram[pixels[i] as number]!++;
  let left = (pixels.length / 3) * BACKGROUND_QUANTILE;
  for (let value = 0; value < 256; value++) {
    left -= histogram[value] as number;
    if (left <= 0) return value;
  }
  return 255;
}

/** Otsu's threshold. @see https://doi.org/10.1109/TSMC.1979.4310076 */
function otsu(values: Uint8Array): number {
  const histogram = new Uint32Array(256);
  for (const value of values) histogram[value]!++;
  const total = values.reduce((sum, value) => sum + value, 0);
  let [below, sumBelow, best, bestAt] = [0, 0, -1, 0];
  for (let value = 0; value < 256; value++) {
    below += histogram[value] as number;
    sumBelow += value * (histogram[value] as number);
    const above = values.length - below;
    if (below === 0 || above === 0) continue;
    const between = below * above * (sumBelow / below - (total - sumBelow) / above) ** 2;
    if (between > best) [best, bestAt] = [between, value + 1];
  }
  return bestAt;
}

function withoutSpecks(mask: Uint8Array, width: number, height: number): Uint8Array {
  return mask.map((value, i) => {
    if (value === 0) return 0;
    const [x, y] = [i % width, Math.floor(i / width)];
    let [pixels, tissue] = [0, 0];
    for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
      for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
        pixels++;
        tissue += mask[row * width + column] as number;
      }
    }
    return tissue >= LEAST_NEIGHBOURHOOD * pixels ? 1 : 0;
  });
}

/** Sums of a mask over rectangles by a summed-area table. */
export class MaskSums {
  private readonly sums: Float64Array;

  constructor(
    mask: Uint8Array,
    private readonly width: number,
    private readonly height: number,
  ) {
    this.sums = new Float64Array((width + 1) * (height + 1));
    for (let y = 0; y < height; y++) {
      let row = 0;
      for (let x = 0; x < width; x++) {
        row += mask[y * width + x] as number;
        this.sums[(y + 1) * (width + 1) + x + 1] = (this.sums[y * (width + 1) + x + 1] as number) + row;
      }
    }
  }

  /** Share of a rectangle that the mask covers, 0 to 1; the rectangle can cut pixels and extend outside. */
  share(x: number, y: number, width: number, height: number): number {
    const sum = this.upTo(x + width, y + height) - this.upTo(x, y + height) - this.upTo(x + width, y) + this.upTo(x, y);
    return Math.min(1, Math.max(0, sum / (width * height)));
  }

  /** The sum above and left of a point, interpolated between pixels. */
  private upTo(x: number, y: number): number {
    const [cx, cy] = [Math.min(this.width, Math.max(0, x)), Math.min(this.height, Math.max(0, y))];
    const [left, top] = [Math.floor(cx), Math.floor(cy)];
    const [right, bottom] = [Math.min(this.width, left + 1), Math.min(this.height, top + 1)];
    const at = (column: number, row: number) => this.sums[row * (this.width + 1) + column] as number;
    const [fx, fy] = [cx - left, cy - top];
    const upper = at(left, top) * (1 - fx) + at(right, top) * fx;
    const lower = at(left, bottom) * (1 - fx) + at(right, bottom) * fx;
    return upper * (1 - fy) + lower * fy;
  }
}
