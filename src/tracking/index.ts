/** @module MLflow from TypeScript: client, run logger with a durable spool, artifacts, local server. */

export { ArtifactClient } from "./client/artifact-client";
export { ApiError, TrackingInputError } from "./client/errors";
export { ExperimentClient } from "./client/experiment-client";
export { Mlflow } from "./client/mlflow";
export { RunClient } from "./client/run-client";
export { type ConnectionSettings, connectionSettings, DEFAULT_TRACKING_URI } from "./client/settings";
export type {
  Dataset,
  DatasetInput,
  Experiment,
  FileInfo,
  Metric,
  Param,
  Run,
  RunInfo,
  RunStatus,
  ServerInfo,
  Tag,
  ViewType,
} from "./client/types";
export { ActiveRun } from "./run/active-run";
export type { PlotlyFigure } from "./run/figures";
export { type StartRunOptions, startRun, withRun } from "./run/start-run";
export { type LocalServer, type LocalServerOptions, startLocalServer } from "./server/local-server";
export { freePort } from "./server/ports";
export { localServerSettings } from "./server/settings";
export type { Notice } from "./spool/retry-policy";
export type { SpoolSenderReport } from "./spool/spool-sender-report";
export { findSpools, syncSpools } from "./spool/sync";
export type { Table, TableInput } from "./spool/tables";
