/** @module The objects of an MLflow server, with the field names of its REST API. */
export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";
export type ViewType = "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";

export interface Tag {
  readonly key: string;
  readonly value: string;
}
export type Param = Tag;

/** One point of a metric. `timestamp` is in milliseconds since 1970. */
export interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

export interface Experiment {
  readonly experiment_id: string;
  readonly name: string;
  readonly artifact_location: string;
  readonly lifecycle_stage: "active" | "deleted";
  readonly last_update_time?: number;
  readonly creation_time?: number;
  readonly tags?: readonly Tag[];
}

export interface RunInfo {
  readonly run_id: string;
  readonly run_name?: string;
  readonly experiment_id: string;
  readonly user_id?: string;
  readonly status: RunStatus;
  readonly start_time: number;
  readonly end_time?: number;
  readonly artifact_uri: string;
  readonly lifecycle_stage: "active" | "deleted";
}

export interface Dataset {
  readonly name: string;
  /** At most 36 characters. */
  readonly digest: string;
  readonly source_type: string;
  readonly source: string;
  /** JSON texts. */
  readonly schema?: string;
  readonly profile?: string;
}

/** A data set as input of a run; the tag `mlflow.data.context` is its use, such as `training`. */
export interface DatasetInput {
  readonly dataset: Dataset;
  readonly tags?: readonly Tag[];
}

export interface Run {
  readonly info: RunInfo;
  readonly data: {
    readonly metrics: readonly Metric[];
    readonly params: readonly Param[];
    readonly tags: readonly Tag[];
  };
  readonly inputs?: { readonly dataset_inputs?: readonly DatasetInput[] };
}

export interface FileInfo {
  /** Relative to the run's artifact root, with `/`. */
  readonly path: string;
  readonly is_dir: boolean;
  readonly file_size?: number;
}

/** Capabilities of a server. */
export interface ServerInfo {
  readonly store_type?: string;
  readonly multipart_uploads_enabled?: boolean;
  readonly multipart_downloads_enabled?: boolean;
}
