/** @module Names, times and data sets in the form that MLflow's server stores. */
import { createHash } from "node:crypto";
import { cleanKey, cut, type Dataset, type DatasetInput, plainText, type Tag, wholeNumber } from "../client/values";

/** Room for the hash within the 250 characters of a key. */
const STEM_LENGTH = 240;

export class KeyNames {
  /** The first key with each name. */
  private readonly keys = new Map<string, string>();

  /** A name that the server accepts. If another key has the same name already, a hash is added. */
  nameOf(key: string): string {
    const name = cleanKey(key);
    const first = this.keys.get(name) ?? key;
    this.keys.set(name, first);
    if (first === key) return name;
    return `${cut(name, STEM_LENGTH)}_${createHash("sha1").update(key).digest("hex").slice(0, 8)}`;
  }
}

/**
 * Times of metric points. Of the points of one step, MLflow shows the one with the latest time as the metric's value, and of those of
 * one millisecond the largest. Each point of a step is therefore later than the one logged before it.
 */
export class PointTimes {
  private readonly last = new Map<string, { readonly step: number; readonly time: number }>();

  /** The time of the last point of a step; now if there is none. */
  lastOf(name: string, step: number): number {
    const last = this.last.get(name);
    return last?.step === step ? last.time : Date.now();
  }

  /** @param given the caller's time, which is kept */
  timeOf(name: string, step: number, given?: number): number {
    const now = Date.now();
    const before = this.last.get(name);
    const next = before?.step === step ? Math.max(now, before.time + 1) : now;
    const time = wholeNumber(given, next);
    this.last.set(name, { step, time });
    return time;
  }
}

/**
 * Converts all fields of a data set to strings, other values as JSON: MLflow's server silently drops everything after a field that
 * is not a string. Undefined if the name or the digest is missing.
 * @throws {TypeError} for an object that contains itself
 */
export function storableDataset({ dataset, tags }: DatasetInput): DatasetInput | undefined {
  const { name, digest, source_type, source, schema, profile }: { [K in keyof Dataset]?: unknown } = dataset;
  if (isMissing(name) || isMissing(digest)) return undefined;
  return {
    dataset: {
      name: plainText(name),
      digest: plainText(digest),
      source_type: isMissing(source_type) ? "local" : plainText(source_type),
      source: isMissing(source) ? "{}" : plainText(source),
      ...(isMissing(schema) ? {} : { schema: plainText(schema) }),
      ...(isMissing(profile) ? {} : { profile: plainText(profile) }),
    },
    ...(tags ? { tags: tags.map(({ key, value }): Tag => ({ key: plainText(key), value: plainText(value) })) } : {}),
  };
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}
