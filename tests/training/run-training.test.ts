import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { exportRun } from "../../src/export/index";
import { readJson, sha256File } from "../../src/files/index";
import type { ModelCard } from "../../src/model-directory/index";
import type { TrainingOptions } from "../../src/options/index";
import { type RunConfig, RunDirectory } from "../../src/runs/index";
import { tf } from "../../src/tensorflow/index";
import { type RunTrainingOptions, runLearningRateRange, runTraining } from "../../src/training/index";
import { writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

const SMALL = { size: 16, hidden: [8], epochs: 3, batch: 8, lr: 1e-3 };
const DIVERGING = { optimizer: "sgd", lr: 1000, weightDecay: 100, epochs: 20 } as const;

test("Ctrl-C at the very end: after the last epoch the run can be resumed, and while it ends it is finished", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 40);
  const whole = join(folder, "whole");
  await runTraining({ ...SMALL, data }, { run: whole });
  const weights = await sha256File(join(whole, "best", "weights.safetensors"));

  const controller = new AbortController();
  const run = join(folder, "stopped");
  const stopped = runTraining(
    { ...SMALL, data },
    {
      run,
      signal: controller.signal,
      checkpointEvery: 1000,
      callbacks: [{ onEpochEnd: (_, { epoch }) => (epoch === SMALL.epochs ? controller.abort() : undefined) }],
    },
  );
  await assert.rejects(stopped, { code: "INTERRUPTED" });
  let batches = 0;
  const resumed = await runTraining({ data }, { run, resume: true, callbacks: [{ onBatchEnd: () => void batches++ }] });
  assert.equal(resumed.epochs, SMALL.epochs);
  assert.equal(batches, 0, "nothing is trained twice");
  assert.equal(await sha256File(join(run, "best", "weights.safetensors")), weights);

  const late = new AbortController();
  const finished = join(folder, "finished");
  const callbacks = [{ onEnd: () => late.abort() }];
  assert.ok(await runTraining({ ...SMALL, data }, { run: finished, signal: late.signal, callbacks }));
  assert.equal(await sha256File(join(finished, "best", "weights.safetensors")), weights);
});

test("the configuration has the size of the training images if they were resized", async (context) => {
  const folder = await temporaryDirectory(context);
  for (const [edge, expected] of [
    [40, 40],
    [16, undefined],
    [12, 12],
  ] as const) {
    const data = await writeCsvSet(join(folder, `data-${edge}`), 20, edge);
    const run = new RunDirectory(join(folder, `run-${edge}`));
    await runTraining({ ...SMALL, epochs: 1, data }, { run: run.path });
    const { preprocessing } = await readJson<RunConfig>(run.config);
    assert.deepEqual([preprocessing.size, preprocessing.tileEdge], [SMALL.size, expected]);
  }
});

test("an exported model knows the size and the scale of its training images, for slides", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 20, 40);
  const [head, ...rows] = (await readFile(join(data, "labels.csv"), "utf8")).trim().split("\n");
  await writeFile(join(data, "labels.csv"), [`${head},mpp`, ...rows.map((row) => `${row},0.5`)].join("\n"));
  const [run, out] = [join(folder, "run"), join(folder, "model")];
  await runTraining({ ...SMALL, epochs: 1, data }, { run });
  await exportRun({ run, out });
  const { mpp, preprocessing } = await readJson<ModelCard>(join(out, "model.json"));
  assert.deepEqual([mpp, preprocessing.tileEdge], [0.5, 40]);
  await exportRun({ run, out, mpp: 0.25 });
  assert.equal((await readJson<ModelCard>(join(out, "model.json"))).mpp, 0.25);
});

test("a run takes nothing with it when it ends: tensors, threads and open files", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 40);
  const train = async (name: string, options: Partial<TrainingOptions>, more: Partial<RunTrainingOptions> = {}) => {
    await runTraining({ ...SMALL, data, ...options }, { run: join(folder, name), ...more });
  };
  const held = () => ({
    tensors: tf.memory().numTensors,
    ...(process.platform === "linux" && {
      threads: readdirSync("/proc/self/task").length,
      files: readdirSync("/proc/self/fd").length,
    }),
  });
  await train("first", {}); // TensorFlow and Node start their own threads
  const before = held();
  await train("finished", { augment: "dihedral", ema: 0.9 });
  assert.deepEqual(held(), before, "finished");

  const controller = new AbortController();
  const callbacks = [{ onBatchEnd: () => controller.abort() }];
  const interrupted = train("interrupted", {}, { signal: controller.signal, callbacks });
  await assert.rejects(interrupted, { code: "INTERRUPTED" });
  assert.deepEqual(held(), before, "interrupted");

  await assert.rejects(train("diverged", { ...DIVERGING, accumulate: 2 }), {
    code: "TRAINING_DIVERGED",
  });
  assert.deepEqual(held(), before, "diverged");

  await runLearningRateRange({ ...SMALL, data }, { steps: 10 });
  assert.deepEqual(held(), before, "range test");
});
