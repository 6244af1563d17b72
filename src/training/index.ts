/** @module Training: the loop, its callbacks, and whole runs. */
export {
  type Batch,
  type BatchSource,
  balanced,
  batchesOf,
  type Examples,
  featureExamples,
  pixelExamples,
  type Sampler,
  shuffled,
} from "./batches";
export { BestWeights } from "./callbacks/best-weights";
export type { Callback, EpochResult, Measures, StatefulCallback } from "./callbacks/callback";
export { Checkpoints } from "./callbacks/checkpoints";
export { Forecast } from "./callbacks/forecast";
export { EarlyStopping, ReduceOnPlateau, StopWhenLossRises } from "./callbacks/patience";
export { HistoryFile, ProgressBar } from "./callbacks/reports";
export { CheckpointStore } from "./checkpoint";
export { createTask, withTask } from "./create-task";
export { openTrainingData, type TrainingData } from "./data";
export { createLoss, type Loss } from "./losses";
export { learningRateRange, type RangeTest, runLearningRateRange } from "./lr-range";
export { type PlannedOptions, planOptions } from "./plan";
export * from "./run-training";
export * as schedules from "./schedules";
export { highestRate } from "./schedules";
export { subspacePictures } from "./subspace/pictures";
export { Trainer, TrainingDiverged, type UserMetric } from "./trainer";
export type { TaskContext, TrainingTask } from "./training-task";
