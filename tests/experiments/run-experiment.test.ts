import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { runExperiment } from "../../src/experiments/index";
import { takeLock } from "../../src/files/index";
import { writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

test("a run directory in which another process trains is refused", async (context) => {
  const folder = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(folder, "cache");
  const options = { data: await writeCsvSet(join(folder, "set"), 20), size: 8, hidden: [2], epochs: 1 };
  const run = join(folder, "run");
  await mkdir(run);
  const giveBack = await takeLock(join(run, "lock"), () => new Error("not free"));
  await assert.rejects(runExperiment(options, { run, report: false }), {
    code: "RUN_BUSY",
    message: new RegExp(`process ${process.pid} is training there`),
  });
  await giveBack();
  assert.equal((await runExperiment(options, { run, report: false })).epochs, 1);
  assert.ok(!(await readdir(run)).some((name) => name.startsWith("lock")));
});

test("nothing is left of a run that is refused", async (context) => {
  const run = join(await temporaryDirectory(context), "run");
  await assert.rejects(runExperiment({ data: join(run, "nowhere") }, { run }), { code: "DATA_FOLDER_MISSING" });
  assert.ok(!existsSync(run));
});
