import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readPredictions } from "../../src/evaluation/index";
import { readJson, sha256File } from "../../src/files/index";
import type { RunConfig } from "../../src/runs/index";
import { chooseStepWay, runtime, type TimedWay } from "../../src/tensorflow/index";
import { stepWays } from "../../src/tensorflow/step-ways";
import { runTraining } from "../../src/training/index";
import { writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

/** 1.1 million weights: enough for the way of its steps to be timed. */
const OPTIONS = { size: 32, hidden: [352], epochs: 3, batch: 8, lr: 1e-4 };

test("a resumed run keeps the way of its steps, whatever is fastest by then; another way gives the same but for rounding", {
  skip: !runtime.fusedUpdates && "without the project's operations there is one way only",
}, async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 40);
  process.env.HISTO_CACHE = join(folder, "cache");
  // Real times would not be kept if other programs disturb them.
  await chooseStepWay("dense", { candidates: stepWays("dense").map((way) => ({ ...way, step: () => undefined })) });
  const run = (name: string) => join(folder, name);
  const wayOf = async (name: string) => (await readJson<RunConfig>(join(run(name), "config.json"))).stepWay;
  const weightsOf = (name: string) => sha256File(join(run(name), "best", "weights.safetensors"));
  await runTraining({ ...OPTIONS, data }, { run: run("whole") });
  const way = await wayOf("whole");
  assert.ok(way);

  const controller = new AbortController();
  const stop = { onEpochEnd: () => controller.abort() };
  const stopped = runTraining(
    { ...OPTIONS, data },
    { run: run("resumed"), signal: controller.signal, callbacks: [stop] },
  );
  await assert.rejects(stopped, { code: "INTERRUPTED" });
  const kept = join(folder, "cache", "processors");
  const [name] = await readdir(kept);
  const content = JSON.parse(await readFile(join(kept, name as string), "utf8")) as { times: TimedWay[] };
  const times = content.times.map((time) =>
    time.updates === way.updates ? { ...time, seconds: 1000 * time.seconds } : time,
  );
  await writeFile(join(kept, name as string), JSON.stringify({ ...content, times }));

  await runTraining({ data }, { run: run("resumed"), resume: true });
  assert.deepEqual(await wayOf("resumed"), way);
  assert.equal(await weightsOf("resumed"), await weightsOf("whole"));

  await runTraining({ ...OPTIONS, data }, { run: run("other") });
  assert.notEqual((await wayOf("other"))?.updates, way.updates);
  const logits = async (name: string) =>
    (await readPredictions(join(run(name), "predictions-test.csv"))).map(({ logit }) => logit as number);
  const [a, b] = [await logits("whole"), await logits("other")];
  const difference = Math.max(...a.map((logit, i) => Math.abs(logit - (b[i] as number))));
  assert.ok(difference < 0.02, `logits differ by ${difference}`);
});

test("a small training is not worth timing: nothing is kept for it", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 40);
  process.env.HISTO_CACHE = join(folder, "cache");
  await runTraining({ ...OPTIONS, hidden: [8], epochs: 1, data }, { run: join(folder, "small") });
  assert.ok(!(await readdir(join(folder, "cache"))).includes("processors"));
});
