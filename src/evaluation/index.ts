/** @module Evaluation: metrics equal to scikit-learn's, thresholds, calibration, comparisons, and predictions on disk. */
export { logitOf, sigmoid } from "../logits/index";
export {
  type AgreementGroup,
  type Mistake,
  probabilityByVotes,
  resultsByAgreement,
  type VoteGroup,
  worstMistakes,
} from "./agreement";
export {
  type CalibrationBin,
  calibrationBins,
  expectedCalibrationError,
  type MeasuredBin,
  measuredBins,
} from "./calibration";
export { cautions } from "./cautions";
export {
  type Comparison,
  compareModels,
  mcnemarTest,
  type PairedDifference,
  pairedDifferences,
  pairedRows,
} from "./comparison";
export { type Confusion, confusionAt, decisionMetrics } from "./confusion";
export {
  type PrecisionRecallCurve,
  precisionRecallCurve,
  type RocBand,
  type RocCurve,
  rocBand,
  rocCurve,
  type SweepPoint,
  type ThresholdCurve,
  thresholdCurve,
  thresholdSweep,
} from "./curves";
export { areaOf, crossValidatedArea, delongTest } from "./delong";
export { type GroupTable, readGroups, type Subgroup, subgroupTable } from "./group-table";
export {
  bestByMonitor,
  checkMonitor,
  type EpochLine,
  improves,
  type Monitor,
  measureNames,
  monitored,
  monitorOf,
  readHistory,
  type Standing,
  standingOf,
  standsAbove,
} from "./history";
export { type IntervalName, metricIntervals, shareOfRowsInterval } from "./intervals";
export { type BinaryMetrics, binaryMetrics, brierScore, rocAucInterval } from "./metrics";
export {
  labelsAndScores,
  type Prediction,
  readFeedback,
  readPredictions,
  type ScoredRows,
  writePredictions,
} from "./predictions";
export { rank, rocAucOf } from "./ranking";
export {
  calibrationLine,
  calibrationTest,
  finiteLogits,
  fitTemperature,
  logLoss,
  rowLogLoss,
  type Temperature,
} from "./recalibration";
export { foldsInTurn, type RowGroups, rowGroups } from "./row-groups";
export {
  bestEpoch,
  type FoldMetrics,
  findRuns,
  measureRun,
  type RunMetrics,
  type RunResults,
  readRun,
} from "./run-results";
export { meanInterval, shareInterval } from "./score-interval";
export { readScoredTable, type ScoredTable, type ScoredTableOptions } from "./scored-table";
export { type Spread, type Spreads, spreadOf } from "./spread";
export { type Interval, normalShareBelow, spearman } from "./statistics";
export {
  type ChosenThreshold,
  chooseThreshold,
  describeThresholdRule,
  parseThresholdRule,
  type ThresholdRule,
  thresholdRuleText,
} from "./threshold";
