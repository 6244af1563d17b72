/** @module Statistics of stored pixels: channels, tile sizes, the mean image. */
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
