/** @module What holds for a run that no server is there for. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startRun } from "../../src/tracking/index";
import { temporaryDirectory } from "../support/temporary-directory";

test("what is logged after the end is left out, and said once", async (context) => {
  const spoolDirectory = await temporaryDirectory(context);
  const said: string[] = [];
  const run = await startRun({
    spoolDirectory,
    trackingUri: "http://127.0.0.1:1",
    systemMetrics: false,
    waitMs: 0,
    say: (line) => void said.push(line),
  });
  run.logMetric("loss", 0.5, 1);
  void run.logText("in time", "early.txt");
  await run.end();
  const journal = await readFile(join(spoolDirectory, "events.jsonl"), "utf8");
  const files = await readdir(join(spoolDirectory, "files"));
  assert.equal(files.length, 1);
  said.length = 0;
  run.logMetric("loss", 0.25, 2);
  await run.logText("too late", "late.txt");
  assert.equal(said.length, 1, said.join("\n"));
  assert.match(said[0] ?? "", /^Tracking: the run has ended/);
  assert.equal(await readFile(join(spoolDirectory, "events.jsonl"), "utf8"), journal);
  assert.deepEqual(await readdir(join(spoolDirectory, "files")), files, "no content that nobody will send");
});
