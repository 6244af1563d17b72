import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Interrupted } from "../../src/errors/index";
import { type ExperimentOptions, runExperiment } from "../../src/experiments/index";
import { readJson, takeLock } from "../../src/files/index";
import type { ModelCard } from "../../src/model-directory/index";
import { silentProgress } from "../../src/progress/index";
import { loggedStatus } from "../../src/tracking/index";
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

test("the log of a run that is stopped after its training is completed when it is resumed, once", async (context) => {
  const folder = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(folder, "cache");
  const data = await writeCsvSet(join(folder, "set"), 20);
  const run = join(folder, "run");
  const spool = join(run, "tracking");
  const track = { experiment: "stopped", trackingUri: "http://127.0.0.1:1" };
  const experiment: ExperimentOptions = { run, report: false, variant: "fp32", track };
  const controller = new AbortController();
  const stop = { onResult: () => controller.abort(new Interrupted()) };
  const options = { data, size: 8, hidden: [2], epochs: 1 };
  await assert.rejects(
    runExperiment(options, { ...experiment, callbacks: [stop], signal: controller.signal }),
    Interrupted,
  );
  assert.equal(await loggedStatus(spool), "KILLED");
  const tagsOf = async () => (await readFile(join(spool, "events.jsonl"), "utf8")).match(/"peakMemoryBytes"/g)?.length;
  assert.equal(await tagsOf(), 1);

  const resume = () => runExperiment({ data }, { ...experiment, resume: true });
  assert.equal((await resume()).tracking?.state, "waiting");
  assert.equal(await loggedStatus(spool), "FINISHED");
  assert.equal(await tagsOf(), 1, "what the training took stays");
  const events = await readFile(join(spool, "events.jsonl"), "utf8");
  assert.match(events, /"predictions-test.csv"/);
  assert.match(events, /"type":"model"/);

  assert.equal((await resume()).tracking, undefined);
  assert.equal(await readFile(join(spool, "events.jsonl"), "utf8"), events, "nothing is logged twice");
});

test("Ctrl-C while the report is drawn leaves only the report out", async (context) => {
  const folder = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(folder, "cache");
  const data = await writeCsvSet(join(folder, "set"), 40);
  const run = join(folder, "run");
  const controller = new AbortController();
  const said: string[] = [];
  const progress = {
    start(label: string) {
      if (label === "Report") controller.abort(new Interrupted());
      return silentProgress.start(label, 0);
    },
    say: (line: string) => void said.push(line),
  };
  const track = { experiment: "stopped", trackingUri: "http://127.0.0.1:1" };
  const experiment = { run, variant: "fp32", track, progress, signal: controller.signal } as const;
  const stopped = runExperiment({ data, size: 8, hidden: [2], epochs: 1 }, experiment);
  await assert.rejects(stopped, (error: Error) => error instanceof Interrupted && /is complete/.test(error.message));
  assert.ok(said.some((line) => /no report was written \(stopped\).*histo evaluate --run .* --report/.test(line)));
  assert.ok(!existsSync(join(run, "report.html")));
  assert.ok(existsSync(join(run, "model", "model.json")));
  assert.equal(await loggedStatus(join(run, "tracking")), "FINISHED");
});

test("where no compact form can be close enough, the usual export of a subspace is fp32", async (context) => {
  const folder = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(folder, "cache");
  const data = await writeCsvSet(join(folder, "set"), 40, 12);
  // One picture, whose logits have no spread to compare changes with; its eight views differ.
  for (let i = 1; i < 40; i++) await copyFile(join(data, "images", "0.png"), join(data, "images", `${i}.png`));
  const options = { data, size: 12, stem: "subspace", rank: 4, hidden: [6], epochs: 1 } as const;
  const run = join(folder, "run");
  const said: string[] = [];
  const progress = { ...silentProgress, say: (line: string) => void said.push(line) };
  const { model } = await runExperiment(options, { run, report: false, variant: "auto", progress });
  assert.equal((await readJson<ModelCard>(join(model as string, "model.json"))).variant, "fp32");
  assert.ok(said.some((line) => /exported as fp32/.test(line)));
  const compact = runExperiment({ data }, { run, report: false, variant: "compact", resume: true });
  await assert.rejects(compact, { code: "EXPORT_TILES_ALIKE" });
});
