/** @module A run on disk: the names of its files and its configuration. */
export { type AcrossPartitions, leakWords } from "./across-partitions";
export {
  type PretrainedPart,
  type RunConfig,
  RunDirectory,
  type TileCounts,
} from "./run-directory";
