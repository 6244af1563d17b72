/** @module MLflow from TypeScript: client, run logger with a durable spool, artifacts, local server. Stands alone. */
export { ArtifactClient, type Uploaded, type UploadOptions } from "./artifact-client";
export { ApiError, TrackingInputError } from "./errors";
export { ExperimentClient } from "./experiment-client";
export { Mlflow } from "./mlflow";
export { type MetricInput, RunClient } from "./run-client";
export { freePort, type LocalServer, type LocalServerOptions, startLocalServer } from "./server";
export { type ConnectionSettings, connectionSettings, DEFAULT_TRACKING_URI } from "./settings";
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
