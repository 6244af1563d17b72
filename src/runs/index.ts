/** @module A run on disk: the names of its files and its configuration. */
export type { PretrainedPart, RunConfig, TileCounts } from "./config";
export { RunDirectory } from "./run-directory";
