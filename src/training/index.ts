/** @module Training: the loop, its callbacks, and whole runs. */
export {
  type Batch,
  balanced,
  batchesOf,
  type Examples,
  featureExamples,
  pixelExamples,
  type Sampler,
  shuffled,
} from "./batches";
export { BestWeights } from "./callbacks/best-weights";
export type { Callback, EpochResult, Measures } from "./callbacks/callback";
export { Checkpoints } from "./callbacks/checkpoints";
export { Forecast } from "./callbacks/forecast";
export { EarlyStopping, ReduceOnPlateau, StopWhenLossRises } from "./callbacks/patience";
export { HistoryFile, ProgressBar } from "./callbacks/reports";
export { CheckpointStore } from "./checkpoint";
export { createTask, withTask } from "./create-task";
export { openTrainingData } from "./data";
export { createLoss, type Loss } from "./losses";
export { learningRateRange, runLearningRateRange } from "./lr-range";
export { planOptions } from "./plan";
export * from "./run-training";
export * as schedules from "./schedules";
export { highestRate } from "./schedules";
export { subspacePictures } from "./subspace/pictures";
export { Trainer } from "./trainer";
export type { TaskContext } from "./training-task";
