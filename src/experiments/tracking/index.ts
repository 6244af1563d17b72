/** @module What is logged to MLflow, besides trainings: results, parent runs, figures. Loads no trainer. */

export { endLogged, type Logged } from "../logged";
export { currentMetricName } from "../metric-names";
export { type ParentTracking, parentOf, startParentRun } from "../parent-run";
export { logFigures } from "../run-log";
export * from "../track-results";
