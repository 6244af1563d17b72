// Allows one set-up or build at a time: a second one waits for the first. The lock of a process that has ended is taken over.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { setupFolder } from "./paths.mjs";

const { tryLock } = createRequire(import.meta.url)("../../src/files/lock.cjs");

/** Runs `work` while holding the lock of `folder`. */
export async function locked(work, { folder = setupFolder, what = "set-up" } = {}) {
  mkdirSync(folder, { recursive: true });
  const release = await waitFor(join(folder, "lock"), what);
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

async function waitFor(path, what) {
  for (let attempt = 0; ; attempt++) {
    const { release } = await tryLock(path);
    if (release) return release;
    if (attempt === 0) console.error(`Another ${what} of this project is running; waiting for it.`);
    await setTimeout(250);
  }
}
