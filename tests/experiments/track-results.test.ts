import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { logTo } from "../../src/experiments/track-results";
import { RunDirectory } from "../../src/runs/index";
import { temporaryDirectory } from "../support/temporary-directory";

test("where not all can be logged, the run is ended with what was, and the rest is said", async (context) => {
  const run = new RunDirectory(await temporaryDirectory(context));
  const said: string[] = [];
  const tracking = {
    experiment: "results",
    trackingUri: "http://127.0.0.1:1",
    say: (line: string) => void said.push(line),
  };
  const logged = await logTo(run, tracking, async (active) => {
    active.logMetric("test/rocAuc", 0.9);
    throw new Error("the report is gone");
  });
  assert.deepEqual([logged.runUrl, logged.tracking?.state], [undefined, undefined]);
  assert.equal(said.at(-1), "Warning: not logged to MLflow (the report is gone).");
  const events = (await readFile(join(run.spool, "events.jsonl"), "utf8")).trim().split("\n");
  const types = events.map((line) => (JSON.parse(line) as { type: string }).type);
  assert.deepEqual(types.slice(-2), ["metrics", "status"]);
});
