/** @module Experiments: training, export and tracking put together. */
export { runFigures } from "./figures";
export { type ExperimentOptions, type ExperimentResult, runExperiment } from "./run-experiment";
export { type TrackingOptions, TrainingTracker } from "./track-training";
