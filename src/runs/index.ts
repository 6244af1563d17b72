/** @module A run on disk: the names of its files and the configuration it was made with. */
export {
  BACKBONE_PREFIX,
  defaultTrainingOptions,
  optionsOf,
  type RunConfig,
  resolveTrainingOptions,
  type TrainingOptions,
} from "./config";
export { RunDirectory } from "./run-directory";
