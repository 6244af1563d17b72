/** @module A run on disk: the names of its files and the configuration it was made with. */
export type { PretrainedPart, RunConfig, TileCounts } from "./config";
export { RunDirectory } from "./run-directory";
