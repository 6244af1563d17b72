/** @module Names, values and batch sizes as MLflow's server takes them; it silently stores zeros for some it cannot read. */
import type { Metric } from "./types";

/** The most a `runs/log-batch` request may hold. */
export const BATCH_LIMITS = { metrics: 1000, params: 100, tags: 100, total: 1000, bytes: 900_000 } as const;

const KEY_LENGTH = 250;
const PARAM_LENGTH = 6000;
const TAG_LENGTH = 8000;

/** A metric value in JSON: a number, or the word for what JSON has no number for. */
export type WireNumber = number | "NaN" | "Infinity" | "-Infinity";

/** A metric point in JSON. */
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

/** A point as the server wants it: whole step and timestamp (it stores fractional ones as 0), NaN as a word. */
export function toWireMetric({ key, value, timestamp, step }: Metric): WireMetric {
  return { key, value: toWireNumber(value), timestamp: wholeNumber(timestamp, Date.now()), step: wholeNumber(step, 0) };
}

/** A point as the server gives it, with the words for NaN and infinities as numbers again. */
export function fromWireMetric(metric: WireMetric): Metric {
  return {
    key: metric.key,
    value: Number(metric.value),
    timestamp: Number(metric.timestamp ?? 0),
    step: Number(metric.step ?? 0),
  };
}

/** A whole number that JavaScript and the server's 64-bit columns hold: for others the server drops the whole request. */
export function wholeNumber(value: number | undefined, otherwise: number): number {
  if (value === undefined || !Number.isFinite(value)) return otherwise;
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, Math.trunc(value)));
}

/**
 * Text that the server and its database store: halves of surrogate pairs (it drops everything after them in a request) and
 * NUL (PostgreSQL) become U+FFFD.
 */
export function storableText(text: string): string {
  return text.replaceAll("\0", "\uFFFD").replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** At most `length` UTF-16 units from the start, without half a surrogate pair at the end. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "");
}

/**
 * A metric or parameter name that the server accepts: other characters than letters, digits, `_ - . : /` and space become
 * `_`, path steps such as `..` and doubled slashes are removed, 250 characters at most.
 */
export function cleanKey(key: string): string {
  const plain = key.replace(/[^\p{L}\p{N}_\-. :/]/gu, "_");
  return withoutEmptySteps(cut(withoutEmptySteps(plain), KEY_LENGTH)) || "_";
}

function withoutEmptySteps(path: string): string {
  const steps = path.split("/");
  return steps.filter((step) => step !== "" && step !== "." && step !== "..").join("/");
}

/** A run's name as the server's databases store it. */
export function storableName(name: string): string {
  return cut(storableText(name), KEY_LENGTH);
}

/**
 * A parameter value as text; objects and lists as JSON, `null` and `undefined` as Python writes them.
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

/** Cuts a list into parts of at most `size`. */
export function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
