/** @module The objects of an MLflow server, with the field names of its REST API, and the names, values and batch sizes that it accepts. */

/** Limits of a `runs/log-batch` request. */
export const BATCH_LIMITS = { metrics: 1000, params: 100, tags: 100, total: 1000, bytes: 900_000 } as const;

const KEY_LENGTH = 250;
const PARAM_LENGTH = 6000;
const TAG_LENGTH = 8000;

/** A metric value in JSON, which has no numbers for NaN and infinities. */
export type WireNumber = number | "NaN" | "Infinity" | "-Infinity";

export interface WireMetric {
  readonly key: string;
  readonly value: WireNumber;
  readonly timestamp: number;
  readonly step: number;
}

export function toWireNumber(value: number): WireNumber {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

/** A point for the server: integer step and timestamp (it stores fractional ones as 0), NaN as a word. */
export function toWireMetric({ key, value, timestamp, step }: Metric): WireMetric {
  return { key, value: toWireNumber(value), timestamp: wholeNumber(timestamp, Date.now()), step: wholeNumber(step, 0) };
}

/** A point from the server, with NaN and infinities as numbers. */
export function fromWireMetric(metric: WireMetric): Metric {
  return {
    key: metric.key,
    value: Number(metric.value),
    timestamp: Number(metric.timestamp ?? 0),
    step: Number(metric.step ?? 0),
  };
}

/** An integer within the range of JavaScript and the server's 64-bit columns; for others the server drops the request. */
export function wholeNumber(value: number | undefined, otherwise: number): number {
  if (value === undefined || !Number.isFinite(value)) return otherwise;
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, Math.trunc(value)));
}

/**
 * Replaces text that the server or its database cannot store by U+FFFD: halves of surrogate pairs (the server drops everything
 * after them in a request) and NUL (PostgreSQL).
 */
export function storableText(text: string): string {
  return text.replaceAll("\0", "\uFFFD").replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** Shortens text to `length` UTF-16 units, without half a surrogate pair at the end. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "");
}

/**
 * A metric or parameter name that the server accepts: characters other than letters, digits, `_ - . : /` and space become `_`;
 * path steps such as `..` and double slashes are removed; at most 250 characters.
 */
export function cleanKey(key: string): string {
  const plain = key.replace(/[^\p{L}\p{N}_\-. :/]/gu, "_");
  return withoutEmptySteps(cut(withoutEmptySteps(plain), KEY_LENGTH)) || "_";
}

function withoutEmptySteps(path: string): string {
  const steps = path.split("/");
  return steps.filter((step) => step !== "" && step !== "." && step !== "..").join("/");
}

/** A run's name that the server's databases can store. */
export function storableName(name: string): string {
  return cut(storableText(name), KEY_LENGTH);
}

/**
 * A parameter value as text; objects and lists as JSON, `null` and `undefined` as in Python.
 * @throws {TypeError} for an object that contains itself
 */
export function paramText(value: unknown): string {
  return clip(plainText(value), PARAM_LENGTH);
}

/** The same for the value of a tag. */
export function tagText(value: unknown): string {
  return clip(plainText(value), TAG_LENGTH);
}

/** Any value as text of any length. @throws {TypeError} for an object that contains itself */
export function plainText(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value !== "object") return storableText(String(value));
  const json: unknown = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "bigint" ? String(inner) : inner,
  );
  return typeof json === "string" ? storableText(json) : "None";
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${cut(text, length - 1)}…`;
}

/** Divides a list into parts of at most `size`. */
export function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

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
