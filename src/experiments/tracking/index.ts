/** @module Logs results, parent runs and figures to MLflow. Does not load the trainer. */
export type { Logged } from "../logged";
export { currentMetricName } from "../metric-names";
export { ParentRun, type ParentTracking } from "../parent-run";
export { logFigures } from "../run-log";
export * from "../track-results";
