/** @module Data sets for MLflow's server, which silently drops everything after a field that is not a string. */
import type { Dataset, DatasetInput, Tag } from "../client/types";
import { plainText } from "../client/values";

/**
 * Converts all fields of a data set to strings, other values as JSON. Undefined if the name or the digest is missing.
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
