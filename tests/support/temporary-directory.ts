/** @module Folders that live as long as a test. */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A temporary directory that is removed when the test ends. */
export async function temporaryDirectory(context: TestContext): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "histo-test-")));
  context.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
