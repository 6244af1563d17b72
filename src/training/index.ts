/** @module Training: the loop, what can be attached to it, and whole runs. */
export { openBackbones, sizeFor } from "./backbone/names";
export { type Batch, type BatchSource, batchesOf, type Examples, featureExamples, pixelExamples } from "./batches";
export { BestWeights } from "./callbacks/best-weights";
export type { Callback, StatefulCallback } from "./callbacks/callback";
export { Checkpoints } from "./callbacks/checkpoints";
export { EarlyStopping, StopWhenLossRises } from "./callbacks/early-stopping";
export { Forecast } from "./callbacks/forecast";
export { describeEpoch, HistoryFile } from "./callbacks/history-file";
export { ProgressBar } from "./callbacks/progress-bar";
export { ReduceOnPlateau } from "./callbacks/reduce-on-plateau";
export { CheckpointStore } from "./checkpoint";
export { createTask } from "./create-task";
export { openTrainingData, type TrainingData } from "./data";
export { finishedRun } from "./finished-run";
export { highestRate } from "./learning-rate";
export { createLoss, type Loss } from "./losses";
export { learningRateRange, type RangeOptions, type RangePoint, type RangeTest } from "./lr-range";
export { type RunRangeOptions, runLearningRateRange } from "./run-lr-range";
export { type RunCallback, type RunTrainingOptions, runTraining, type TrainingResult } from "./run-training";
export { balanced, type Sampler, shuffled } from "./samplers";
export * as schedules from "./schedules";
export { stepWayOf } from "./step-way";
export { type SubspacePictures, subspacePictures } from "./subspace/pictures";
export {
  type EpochResult,
  type Measures,
  predictLogits,
  Trainer,
  type TrainerOptions,
  TrainingDiverged,
  type UserMetric,
} from "./trainer";
export type { TrainingTask } from "./training-task";
