/** @module Experiments: training, export and tracking put together. */
export {
  type ComparisonRow,
  compareTechniques,
  type TechniqueComparison,
  type TechniqueComparisonOptions,
} from "./compare-techniques";
export { runFigures } from "./figures";
export { type ExperimentOptions, type ExperimentResult, runExperiment } from "./run-experiment";
export { proportionalHidden, TECHNIQUES, type Technique, techniquesNamed } from "./techniques";
export { type TrackingOptions, TrainingTracker } from "./track-training";
