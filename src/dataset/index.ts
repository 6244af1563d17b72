/** @module Data sets: label tables and folders, splits, and the packed pixel store. */

export {
  checkPixels,
  countAcrossPartitions,
  type DuplicateGroup,
  duplicateNotes,
  exactDuplicates,
  type PixelChecks,
} from "./checks";
export { datasetContentHash } from "./content-hash";
export type { AcrossPartitions } from "./groups";
export { loadDataset } from "./load";
export { ImagesMissingError } from "./locate";
export {
  imageNotes,
  naturalSize,
  openPixelStore,
  packPixels,
  UnreadableImagesError,
  withoutSkipped,
} from "./pixel-store";
export { projectTiles } from "./projection";
export { foldNames, positionsIn, type SplitOptions, splitValidation } from "./split";
export { fitStainReference } from "./stain-reference";
export { channelHistogram, channelStatistics, meanImage, tileEdge, tileStatistics } from "./statistics";
export { StoreFile } from "./store/index";
export { type LabelSummary, summarizeLabels, type VoteSummary } from "./summary";
export { writeSyntheticDataset } from "./synthetic/index";
export {
  bitDepthOf,
  type Dataset,
  type DatasetOptions,
  LATEST_READING,
  type Partition,
  type PixelStore,
  type Reading,
  type Tile,
  type Votes,
} from "./types";
