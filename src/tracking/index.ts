/** @module MLflow from TypeScript: client, run logger with a durable spool, artifacts, local server. */
export { ApiError } from "./client/errors";
export { ExperimentClient } from "./client/experiment-client";
export { Mlflow } from "./client/mlflow";
export { pagesOf } from "./client/pages";
export { RunClient } from "./client/run-client";
export { connectionSettings, DEFAULT_TRACKING_URI } from "./client/settings";
export type {
  Dataset,
  DatasetInput,
  Experiment,
  Metric,
  Run,
  RunStatus,
  Tag,
} from "./client/types";
export { ActiveRun } from "./run/active-run";
export { loggedStatus, type StartRunOptions, startRun, withRun } from "./run/start-run";
export { type LocalServer, type LocalServerOptions, startLocalServer } from "./server/local-server";
export { freePort, localServerSettings } from "./server/settings";
export type { Table, TableInput } from "./spool/run-tables";
export type { SpoolSenderReport } from "./spool/spool-sender-report";
export { findSpools, syncSpools } from "./spool/sync";
