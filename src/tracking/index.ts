/** @module MLflow from TypeScript: client, run logger with a durable spool, artifacts, local server. */
export { ApiError } from "./client/errors";
export { ExperimentClient } from "./client/experiment-client";
export { Mlflow } from "./client/mlflow";
export { RunClient } from "./client/run-client";
export { connectionSettings, DEFAULT_TRACKING_URI } from "./client/settings";
export { pagesOf } from "./client/transport";
export type {
  Dataset,
  DatasetInput,
  Metric,
  Run,
  Tag,
} from "./client/values";
export { ActiveRun } from "./run/active-run";
export { loggedStatus, type StartRunOptions, startRun, withRun } from "./run/start-run";
export {
  freePort,
  type LocalServer,
  type LocalServerOptions,
  localServerSettings,
  startLocalServer,
} from "./server/local-server";
export type { Table } from "./spool/run-tables";
export type { SpoolSenderReport } from "./spool/spool-sender-report";
export { findSpools, syncSpools } from "./spool/sync";
