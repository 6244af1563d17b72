/** @module Content hashes of files and buffers, also in another thread. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Worker } from "node:worker_threads";
import { usableProcessors } from "../machine/index";

const SLICE_BYTES = 1 << 20;

/** SHA-256 of a file's content as lower-case hex. Reads the next slice while it hashes one. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const slice of createReadStream(path, { highWaterMark: SLICE_BYTES })) hash.update(slice);
  return hash.digest("hex");
}

/** SHA-256 of bytes or text as lower-case hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

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

/**
 * Runs {@link sha256File} in another thread, even while the caller's thread is blocked. With one processor, the caller's
 * thread hashes: a second one would gain nothing.
 */
export function sha256FileInThread(path: string): Promise<string> {
  if (usableProcessors() < 2) return sha256File(path);
  return new Promise((resolve, reject) => {
    const worker = new Worker(PROGRAM, { eval: true, workerData: path, execArgv: [] });
    worker.once("message", ({ hash, message, code }: { hash?: string; message?: string; code?: string }) => {
      if (hash !== undefined) resolve(hash);
      else reject(Object.assign(new Error(message), { code }));
    });
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error(`hashing ${path} ended without a result`)));
  });
}
