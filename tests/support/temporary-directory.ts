/** @module Folders that live as long as a test, or as the process that runs the tests. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

const shared: string[] = [];

/** A temporary directory that is removed when the test ends. */
export async function temporaryDirectory(context: TestContext): Promise<string> {
  const directory = newDirectory();
  context.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A temporary directory that is removed when this process ends: for what several tests use. */
export function sharedDirectory(): string {
  if (shared.length === 0) {
    process.once("exit", () => {
      for (const directory of shared) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    });
  }
  const directory = newDirectory();
  shared.push(directory);
  return directory;
}

function newDirectory(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "histo-test-")));
}
