/** @module Logs results, parent runs and figures to MLflow. Does not load the trainer. */
export { endLogged, type Logged } from "../logged";
export { currentMetricName } from "../metric-names";
export { type ParentTracking, parentOf, startParentRun } from "../parent-run";
export { logFigures } from "../run-log";
export * from "../track-results";
