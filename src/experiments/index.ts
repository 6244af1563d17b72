/** @module Experiments: training, export and tracking put together. */

export type { TrainingPart } from "../training/index";
export { compareTechniques, comparisonDirectory, type TechniqueComparison } from "./compare-techniques";
export { type CrossValidation, crossValidate } from "./cross-validation";
export type { ComparisonRow } from "./measure";
export { compareOverSeeds, type SeedSpread } from "./over-seeds";
export { type ExperimentOptions, type ExperimentResult, runExperiment } from "./run-experiment";
export { type Choice, TECHNIQUES, techniquesNamed, usualTechniques } from "./techniques";
export type { TrackingOptions } from "./track-training";
