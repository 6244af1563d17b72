/** @module Logs results, parent runs and figures to MLflow. Does not load the trainer. */

export { ParentRun, type ParentTracking } from "../parent-run";
export { currentMetricName, type Logged, logFigures } from "../run-log";
export * from "../track-results";
