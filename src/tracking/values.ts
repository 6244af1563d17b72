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

export function wholeNumber(value: number | undefined, otherwise: number): number {
  return value === undefined || !Number.isFinite(value) ? otherwise : Math.trunc(value);
}

/**
 * A metric or parameter name that the server accepts: other characters than letters, digits, `_ - . : /` and space become
 * `_`, path steps such as `..` and doubled slashes are removed, 250 characters at most.
 */
export function cleanKey(key: string): string {
  const plain = key.replace(/[^\p{L}\p{N}_\-. :/]/gu, "_");
  const parts = plain.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  return parts.join("/").slice(0, KEY_LENGTH) || "_";
}

/** A parameter value as text; objects and lists as JSON, `null` and `undefined` as Python writes them. */
export function paramText(value: unknown): string {
  return clip(textOf(value), PARAM_LENGTH);
}

export function tagText(value: unknown): string {
  return clip(textOf(value), TAG_LENGTH);
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value !== "object") return String(value);
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner));
}

/** Cuts text to `length` characters as Python counts them, without splitting a pair of surrogates. */
function clip(text: string, length: number): string {
  return text.length <= length
    ? text
    : text
        .slice(0, length - 1)
        .replace(/[\uD800-\uDBFF]$/, "")
        .concat("…");
}
