/** @module Sends spools that are incomplete, from any machine with the directory. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isDirectory } from "../../files/index";
import { TrackingInputError } from "../client/errors";
import { Mlflow } from "../client/mlflow";
import { connectionSettings } from "../client/settings";
import type { Notice } from "./retry-policy";
import { SpoolDirectory } from "./spool-directory";
import { SpoolSender } from "./spool-sender";
import type { SpoolSenderReport } from "./spool-sender-report";

interface SyncOptions {
  /** Default `MLFLOW_TRACKING_URI`, then http://127.0.0.1:5000. */
  readonly trackingUri?: string;
  /** How long to continue without contact to the server. Default 15 s. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
  readonly notify?: (directory: string, notice: Notice) => void;
}

/** Spools in and below a directory. @throws {TrackingInputError} `SPOOL_MISSING` */
export async function findSpools(directory: string): Promise<string[]> {
  if (!(await isDirectory(directory))) {
    throw new TrackingInputError("SPOOL_MISSING", `${directory} is not a directory.`);
  }
  const entries = await readdir(directory, { withFileTypes: true });
  if (entries.some(({ name }) => name === "events.jsonl")) return [directory];
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== "node_modules");
  const found: string[] = [];
  for (const { name } of folders) found.push(...(await findSpools(join(directory, name))));
  return found.sort();
}

/** Sends spools sequentially, parents before nested runs. Does not send items again. */
export async function syncSpools(
  directories: readonly string[],
  options: SyncOptions = {},
): Promise<SpoolSenderReport[]> {
  const settings = connectionSettings(options.trackingUri);
  const client = new Mlflow({ ...settings, maxRetries: 0 });
  const reports = new Map<string, SpoolSenderReport>();
  const patience = options.patienceMs ?? 15_000;
  // If the server does not answer for the first spool, the others do not wait for it.
  let withoutContact = Math.min(patience, 3000);
  try {
    // The second round is for nested runs whose parents came later in the list.
    for (const round of [1, 2]) {
      if (round === 2 && ![...reports.values()].some(({ complete }) => complete)) break;
      for (const directory of directories) {
        if (options.signal?.aborted || reports.get(directory)?.complete) continue;
        const notify = (notice: Notice) => options.notify?.(directory, notice);
        const sender = new SpoolSender(new SpoolDirectory(directory), client, notify);
        const stop = () => sender.stop("stopped by the user");
        options.signal?.addEventListener("abort", stop, { once: true });
        sender.close({ patienceMs: patience, withoutContactMs: withoutContact });
        const report = await sender.run();
        reports.set(directory, report);
        if (!report.complete) withoutContact = 0;
        options.signal?.removeEventListener("abort", stop);
      }
    }
  } finally {
    client.close();
  }
  return directories.flatMap((directory) => reports.get(directory) ?? []);
}
