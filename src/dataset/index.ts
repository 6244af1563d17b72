/** @module Data sets: label tables and folders, splits, and the packed pixel store. */
export { loadDataset } from "./load";
export type { DatasetOptions } from "./options";
export {
  openPixelStore,
  type PackSummary,
  type PixelStoreOptions,
  packPixels,
  UnreadableImagesError,
  withoutSkipped,
} from "./pixel-store";
export { positionsIn, type SplitOptions, splitValidation } from "./split";
export { type ChannelStatistics, channelHistogram, channelStatistics } from "./statistics";
export type { Dataset, Layout, Partition, PixelStore, Tile, UnreadableImage, Votes } from "./types";
