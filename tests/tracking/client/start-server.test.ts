import assert from "node:assert/strict";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startLocalServer } from "../../../src/tracking/index";
import { temporaryDirectory } from "../../support/temporary-directory";

/** Files that this process has open. */
function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((number) => {
    try {
      return [readlinkSync(join("/proc/self/fd", number))];
    } catch {
      return [];
    }
  });
}

test("a server that does not start is said with its log, which stays open to it alone", async (context) => {
  const directory = await temporaryDirectory(context);
  await assert.rejects(startLocalServer({ directory, python: process.execPath }), {
    code: "MLFLOW_NOT_STARTED",
    message: /it ended with status \d+\. .*server\.log: ./,
  });
  if (existsSync("/proc/self/fd")) assert.ok(!openFiles().some((file) => file.startsWith(directory)));
});
