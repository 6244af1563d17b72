/** @module Brings the files of a logged run back, as the run directory they came from. */
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { Mlflow } from "./mlflow";
import { connectionSettings } from "./settings";
import type { FileInfo, Run } from "./types";

export interface FetchRunOptions {
  /** Default `MLFLOW_TRACKING_URI`, then http://127.0.0.1:5000. */
  readonly trackingUri?: string;
  /** Which files; default all. */
  readonly only?: (file: FileInfo) => boolean;
  readonly signal?: AbortSignal;
}

export interface FetchedRun {
  readonly run: Run;
  readonly directory: string;
  /** Paths relative to the directory. */
  readonly files: readonly string[];
}

/**
 * Downloads the artifacts of a run into `directory`, keeping their relative paths; what is there already and unchanged is
 * not fetched again. Sizes are checked, and SHA-256 for what this client logged.
 * @throws {ApiError} where the run or its artifacts do not exist, or a file arrives damaged
 */
export async function fetchRun(runId: string, directory: string, options: FetchRunOptions = {}): Promise<FetchedRun> {
  const client = new Mlflow(connectionSettings(options.trackingUri));
  const target = resolve(directory);
  try {
    const run = await client.getRun(runId);
    await mkdir(target, { recursive: true });
    const { only, signal } = options;
    const files = await client.downloadArtifacts(runId, target, undefined, {
      ...(only ? { only } : {}),
      ...(signal ? { signal } : {}),
    });
    return { run, directory: target, files };
  } finally {
    client.close();
  }
}
