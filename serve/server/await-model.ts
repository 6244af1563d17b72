/** @module Waits until a server answers with the model of a directory: `node await-model.js URL DIRECTORY SECONDS`. */
import { setTimeout as sleep } from "node:timers/promises";
import { HistoError, messageOf } from "../../src/errors/index";
import { readModelDirectory } from "../../src/model-directory/index";

const POLL_MS = 200;

/** @throws {HistoError} `MODEL_NOT_TAKEN` if the server does not serve the model within this time */
export async function awaitModel(url: string, directory: string, seconds: number): Promise<void> {
  const { sha256, card } = await readModelDirectory(directory);
  // A release may have the weights of the one before, and another threshold.
  const isMeant = (model: ReadyModel) => model.sha256 === sha256 && model.threshold === card.threshold;
  const until = Date.now() + 1000 * seconds;
  while (!(await servedBy(url, AbortSignal.timeout(Math.max(1, until - Date.now())))).some(isMeant)) {
    if (Date.now() > until)
      throw new HistoError("MODEL_NOT_TAKEN", `${url} does not serve ${directory} after ${seconds} s.`);
    await sleep(POLL_MS);
  }
}

interface ReadyModel {
  readonly sha256: string;
  readonly threshold: number;
}

async function servedBy(url: string, signal: AbortSignal): Promise<readonly ReadyModel[]> {
  const response = await fetch(`${url}/readyz`, { signal }).catch(() => undefined);
  return (await response?.json().catch(() => undefined))?.models ?? [];
}

if (require.main === module) {
  const [url = "", directory = "", seconds] = process.argv.slice(2);
  awaitModel(url, directory, Number(seconds)).catch((error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 1;
  });
}
