/** @module Statistics of stored pixels: channels, tile sizes, the mean image, and each tile for the checks of a data set. */
import { upperMedian } from "../collections/index";
import { type ResizePolicy, resizedSide } from "../image/index";
import type { PixelStore } from "./types";

/** Mean and standard deviation per channel (red, green, blue) on the scale 0 to 1. */
export interface ChannelStatistics {
  readonly mean: [number, number, number];
  /** Population standard deviation over all pixels, at least 1/255, so that dividing by it is safe. */
  readonly std: [number, number, number];
  /** All pixels deviate from the mean by less than a level. */
  readonly isOneColour: boolean;
}

const IMAGES_AT_ONCE = 16;

/** Histogram of each channel: 256 counts for red, then green, then blue. */
export function channelHistogram(store: PixelStore, positions: ArrayLike<number>): Float64Array {
  const counts = new Float64Array(3 * 256);
  const buffer = new Uint8Array(IMAGES_AT_ONCE * store.bytesPerImage);
  for (let start = 0; start < positions.length; start += IMAGES_AT_ONCE) {
    const some = Array.prototype.slice.call(positions, start, start + IMAGES_AT_ONCE) as number[];
    const pixels = buffer.subarray(0, some.length * store.bytesPerImage);
    store.read(some, pixels);
    const slice = new Uint32Array(3 * 256);
    for (let i = 0; i < pixels.length; i += 3) {
      slice[pixels[i] as number]!++;
      slice[256 + (pixels[i + 1] as number)]!++;
      slice[512 + (pixels[i + 2] as number)]!++;
    }
    for (let bin = 0; bin < slice.length; bin++) counts[bin]! += slice[bin] as number;
  }
  return counts;
}

/** Edge length in pixels that images had before they were resized: the median over those at `positions` of the store. */
export function tileEdge(store: PixelStore, positions: Iterable<number>, resize: ResizePolicy): number {
  const sizes = Array.from(positions, (position) => store.originalSizes[position] as readonly [number, number]);
  return upperMedian(sizes.map(([width, height]) => resizedSide(width, height, resize)));
}

/** Mean and standard deviation of the channels over the images at `positions` of the store. */
export function channelStatistics(store: PixelStore, positions: ArrayLike<number>): ChannelStatistics {
  if (positions.length === 0) throw new RangeError("Channel statistics need at least one image.");
  const counts = channelHistogram(store, positions);
  const mean: [number, number, number] = [0, 0, 0];
  const std: [number, number, number] = [0, 0, 0];
  let isOneColour = true;
  for (let channel = 0; channel < 3; channel++) {
    const bins = counts.subarray(256 * channel, 256 * (channel + 1));
    const total = bins.reduce((sum, count) => sum + count, 0);
    const average = bins.reduce((sum, count, value) => sum + count * value, 0) / total;
    const variance = bins.reduce((sum, count, value) => sum + count * (value - average) ** 2, 0) / total;
    mean[channel] = average / 255;
    std[channel] = Math.max(1, Math.sqrt(variance)) / 255;
    isOneColour &&= variance < 1;
  }
  return { mean, std, isOneColour };
}

/** The mean of the images at `positions`, rounded: uint8, RGB, [size, size, 3]. */
export function meanImage(store: PixelStore, positions: ArrayLike<number>): Uint8Array {
  if (positions.length === 0) throw new RangeError("A mean image needs at least one image.");
  const sums = new Float64Array(store.bytesPerImage);
  const pixels = new Uint8Array(store.bytesPerImage);
  for (let i = 0; i < positions.length; i++) {
    store.read([positions[i] as number], pixels);
    for (let at = 0; at < pixels.length; at++) sums[at]! += pixels[at] as number;
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum / positions.length));
}

export const THUMBNAIL = 32;
/** Least difference of the strongest and the weakest channel of a tissue pixel. */
const TISSUE_CHROMA = 24;

/** Columns with one value for each tile. Colour values are from 0 to 255. */
export interface TileStatistics {
  readonly names: readonly string[];
  readonly red: Float64Array;
  readonly green: Float64Array;
  readonly blue: Float64Array;
  /** Mean luminance (Rec. 601). */
  readonly brightness: Float64Array;
  /** Standard deviation of the luminance. */
  readonly contrast: Float64Array;
  /** Share of tissue pixels, 0 to 1. */
  readonly tissue: Float64Array;
  /** Luminance averaged over a 32x32 grid, row-major, one after the other. */
  readonly thumbnails: Float32Array;
}

export function tileStatistics(store: PixelStore): TileStatistics {
  const { names } = store;
  const n = names.length;
  const column = () => new Float64Array(n);
  const [red, green, blue, brightness, contrast, tissue] = [column(), column(), column(), column(), column(), column()];
  const thumbnails = new Float32Array(n * THUMBNAIL ** 2);
  const pixels = new Uint8Array(store.bytesPerImage);
  const luminance = new Float32Array(store.size ** 2);
  for (let row = 0; row < n; row++) {
    store.read([row], pixels);
    let [r, g, b, sum, squares, coloured] = [0, 0, 0, 0, 0, 0];
    for (let i = 0, pixel = 0; i < pixels.length; i += 3, pixel++) {
      const [pr, pg, pb] = [pixels[i] as number, pixels[i + 1] as number, pixels[i + 2] as number];
      const grey = 0.299 * pr + 0.587 * pg + 0.114 * pb;
      luminance[pixel] = grey;
      r += pr;
      g += pg;
      b += pb;
      sum += grey;
      squares += grey * grey;
      if (Math.max(pr, pg, pb) - Math.min(pr, pg, pb) > TISSUE_CHROMA) coloured++;
    }
    const count = luminance.length;
    red[row] = r / count;
    green[row] = g / count;
    blue[row] = b / count;
    brightness[row] = sum / count;
    contrast[row] = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
    tissue[row] = coloured / count;
    shrink(luminance, store.size, thumbnails.subarray(row * THUMBNAIL ** 2, (row + 1) * THUMBNAIL ** 2));
  }
  return { names, red, green, blue, brightness, contrast, tissue, thumbnails };
}

/** Averages a square grey image over the cells of the thumbnail's grid. */
function shrink(grey: Float32Array, size: number, into: Float32Array): void {
  const edge = (cell: number) => Math.floor((cell * size) / THUMBNAIL);
  for (let y = 0; y < THUMBNAIL; y++) {
    for (let x = 0; x < THUMBNAIL; x++) {
      const [top, left] = [edge(y), edge(x)];
      const [bottom, right] = [Math.max(top + 1, edge(y + 1)), Math.max(left + 1, edge(x + 1))];
      let sum = 0;
      for (let row = top; row < bottom; row++) {
        for (let col = left; col < right; col++) sum += grey[row * size + col] as number;
      }
      into[y * THUMBNAIL + x] = sum / ((bottom - top) * (right - left));
    }
  }
}
