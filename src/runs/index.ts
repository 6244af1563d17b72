/** @module A run on disk: the names of its files and its configuration. */
export { FOLD_PREFIX, type PretrainedPart, type RunConfig, RunDirectory, type TileCounts } from "./run-directory";
