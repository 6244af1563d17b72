/** @module SHA-256 of a large file in another thread, for callers with a busy thread. */
import { Worker } from "node:worker_threads";
import { usableProcessors } from "../machine/index";
import { sha256File } from "./hash";

/** Kept as text, so that it runs from compiled files, bundles and notebooks, and starts without loading a module. */
const PROGRAM = `
const { parentPort, workerData } = require("node:worker_threads");
const { openSync, readSync } = require("node:fs");
const hash = require("node:crypto").createHash("sha256");
try {
  const file = openSync(workerData, "r");
  const slice = Buffer.allocUnsafe(1 << 20);
  for (let count; (count = readSync(file, slice)) > 0; ) hash.update(slice.subarray(0, count));
  parentPort.postMessage({ hash: hash.digest("hex") });
} catch (error) {
  parentPort.postMessage({ message: error.message, code: error.code });
}`;

interface Answer {
  readonly hash?: string;
  readonly message?: string;
  readonly code?: string;
}

/**
 * Runs {@link sha256File} in another thread, even while the caller's thread is blocked. With one processor, the caller's
 * thread hashes: a second one would gain nothing.
 */
export function sha256FileInThread(path: string): Promise<string> {
  if (usableProcessors() < 2) return sha256File(path);
  return new Promise((resolve, reject) => {
    const worker = new Worker(PROGRAM, { eval: true, workerData: path, execArgv: [] });
    worker.once("message", ({ hash, message, code }: Answer) => {
      if (hash !== undefined) resolve(hash);
      else reject(Object.assign(new Error(message), { code }));
    });
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error(`hashing ${path} ended without a result`)));
  });
}
