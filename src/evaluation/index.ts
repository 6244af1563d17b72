/** @module Evaluation: metrics equal to scikit-learn's, thresholds, calibration, intervals, and predictions on disk. */
export { type BootstrapOptions, bootstrap, type Interval, quantile, rankRows } from "./bootstrap";
export { CALIBRATION_BINS, type CalibrationBin, calibrationBins, expectedCalibrationError } from "./calibration";
export { type Confusion, confusionAt, type DecisionMetrics, decisionMetrics } from "./confusion";
export { type BinaryMetrics, binaryMetrics, brierScore, type MetricsOptions, rocAucInterval } from "./metrics";
export { labelsAndScores, type Prediction, readPredictions, writePredictions } from "./predictions";
export { averagePrecisionOf, type ClassCounts, type Ranking, rank, rocAucOf } from "./ranking";
export { readScoredTable, type ScoredTable, type ScoredTableOptions } from "./scored-table";
export { logitOf, sigmoid } from "./sigmoid";
export {
  type ChosenThreshold,
  chooseThreshold,
  describeThresholdRule,
  parseThresholdRule,
  type ThresholdRule,
  thresholdRuleText,
} from "./threshold";
