/** @module MLflow from TypeScript: client, run logger with a durable spool, artifacts, local server. Stands alone. */
export { ActiveRun } from "./active-run";
export { ArtifactClient, type Uploaded, type UploadOptions } from "./artifact-client";
export type { Notice } from "./contact";
export type { DeliveryReport } from "./delivery-report";
export { ApiError, TrackingInputError } from "./errors";
export { ExperimentClient } from "./experiment-client";
export { type FetchedRun, type FetchRunOptions, fetchRun } from "./fetch-run";
export type { PlotlyFigure } from "./figures";
export { Mlflow } from "./mlflow";
export { type MetricInput, RunClient } from "./run-client";
export { freePort, type LocalServer, type LocalServerOptions, startLocalServer } from "./server";
export { type ConnectionSettings, connectionSettings, DEFAULT_TRACKING_URI } from "./settings";
export { type StartRunOptions, startRun, withRun } from "./start-run";
export { findSpools, type SyncOptions, syncSpools } from "./sync";
export type { Table, TableInput } from "./tables";
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
} from "./types";
