import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { silentProgress } from "../../src/progress/index";
import { runTrial } from "../../src/search/trial";
import { loggedStatus } from "../../src/tracking/index";
import { writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

test("a trial that lost its worker while it was logged is logged to its end, and not trained again", async (context) => {
  const folder = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(folder, "cache");
  const run = join(folder, "trial-000");
  const job = {
    ...{ trial: 0, run, objective: "rocAuc", rungs: [] },
    options: { data: await writeCsvSet(join(folder, "set"), 20), size: 8, hidden: [2], epochs: 1 },
    tracking: { experiment: "trials", trackingUri: "http://127.0.0.1:1", weights: false },
  };
  const host = { signal: new AbortController().signal, progress: silentProgress, atRung: async () => false };
  const outcome = await runTrial(job, host);
  const journal = join(run, "tracking", "events.jsonl");
  const whole = await readFile(journal, "utf8");
  const killed = whole.slice(0, whole.indexOf('{"type":"artifact"'));
  assert.ok(killed.length < whole.length);
  await writeFile(journal, killed);
  assert.equal(await loggedStatus(join(run, "tracking")), "RUNNING");

  assert.deepEqual(await runTrial(job, host), outcome);
  assert.equal(await loggedStatus(join(run, "tracking")), "FINISHED");
  assert.match(await readFile(journal, "utf8"), /"path":"metrics.json"/);
});
