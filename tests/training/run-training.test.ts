import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { LATEST_READING, loadDataset, type Reading, splitValidation } from "../../src/dataset/index";
import { Interrupted } from "../../src/errors/index";
import { readPredictions } from "../../src/evaluation/index";
import { exportRun } from "../../src/export/index";
import { readJson, sha256File } from "../../src/files/index";
import { encodePng } from "../../src/image/with-sharp";
import type { ModelCard } from "../../src/model-directory/index";
import { defaultTrainingOptions, type TrainingOptions } from "../../src/options/index";
import { type RunConfig, RunDirectory } from "../../src/runs/index";
import { tf } from "../../src/tensorflow/index";
import {
  type RunCallback,
  type RunTrainingOptions,
  runLearningRateRange,
  runTraining,
  type Trainer,
} from "../../src/training/index";
import { writeCsvSet, writeFiles } from "../support/data-sets";
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

test("a run stopped for lack of improvement goes on where it is resumed with more patience", async (context) => {
  const folder = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(folder, "cache");
  const data = await writeCsvSet(join(folder, "data"), 40);
  const options = { ...SMALL, data, epochs: 6, monitor: "level", monitorMode: "max" } as const;
  const metrics = { level: () => 1 };
  /** Epochs of a run that is interrupted after its second epoch, then resumed with other options. */
  const epochsAfter = async (patience: number, more: Partial<TrainingOptions>, own: RunCallback = {}) => {
    const controller = new AbortController();
    const run = join(folder, `run-${patience}-${JSON.stringify(more)}`);
    const callbacks = [own, { onEpochEnd: ({ epoch }: Trainer) => (epoch === 2 ? controller.abort() : undefined) }];
    const stopped = runTraining({ ...options, patience }, { run, metrics, signal: controller.signal, callbacks });
    await assert.rejects(stopped, { code: "INTERRUPTED" });
    return (await runTraining({ data, ...more }, { run, resume: true, metrics })).epochs;
  };
  assert.equal(await epochsAfter(1, {}), 2);
  assert.equal(await epochsAfter(1, { patience: 3 }), 4);
  const own = {
    onEpochEnd(trainer: Trainer) {
      if (trainer.epoch === 2) trainer.stopReason = "it is enough";
    },
  };
  assert.equal(await epochsAfter(0, {}, own), 2, "what a callback of the user has decided stays");
});

test("a cache that takes nothing more at the end of a run is no obstacle", async (context) => {
  const folder = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(folder, "cache");
  const data = await writeCsvSet(join(folder, "data"), 40);
  await writeFiles(folder, { "cache/familiar": "a file where a folder should be" });
  const { run } = await runTraining({ ...SMALL, data, epochs: 1 }, { run: join(folder, "run") });
  assert.ok(Object.keys(await readJson<object>(new RunDirectory(run).familiar)).length > 0);
});

test("what a cache holds of the tiles' looks is computed again where it cannot be read", async (context) => {
  const folder = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(folder, "cache");
  const data = await writeCsvSet(join(folder, "data"), 40);
  const options = { ...SMALL, data, epochs: 1 };
  const first = await runTraining(options, { run: join(folder, "first") });
  const looks = join(folder, "cache", "familiar");
  for (const name of readdirSync(looks)) await writeFile(join(looks, name), '{"torn');
  const second = await runTraining(options, { run: join(folder, "second") });
  const familiar = ({ run }: { run: string }) => readJson<object>(new RunDirectory(run).familiar);
  assert.deepEqual(await familiar(second), await familiar(first));
});

test("a finished run stays as it is: repeated it says so, and other options are refused by name", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 40);
  const run = join(folder, "run");
  const first = await runTraining({ ...SMALL, lr: "auto", data }, { run });
  const config = await readFile(new RunDirectory(run).config, "utf8");
  const again = await runTraining({ ...SMALL, lr: "auto", dataset: {}, data }, { run, resume: true });
  assert.deepEqual([again.epochs, again.test], [first.epochs, JSON.parse(JSON.stringify(first.test))]);
  await assert.rejects(runTraining({ ...SMALL, data, epochs: 6 }, { run, resume: true }), {
    code: "RUN_FINISHED",
    message: /is finished, with other options \(epochs\); choose another --run/,
  });
  assert.equal(await readFile(new RunDirectory(run).config, "utf8"), config);
});

test("a run does not go on with other labels than it began with", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 40);
  const run = join(folder, "run");
  const controller = new AbortController();
  const callbacks = [{ onEpochEnd: () => controller.abort() }];
  const stopped = runTraining({ ...SMALL, data }, { run, signal: controller.signal, callbacks });
  await assert.rejects(stopped, { code: "INTERRUPTED" });
  const table = join(data, "labels.csv");
  const labels = await readFile(table, "utf8");
  await writeFile(table, labels.replace("3.png,SSA,train", "3.png,HP,train"));
  await assert.rejects(runTraining({ data }, { run, resume: true }), { code: "CHECKPOINT_OTHER_RUN" });
  await writeFile(table, labels);
  assert.equal((await runTraining({ data }, { run, resume: true })).epochs, SMALL.epochs);
});

for (const [what, options] of [
  ["Coordinates", { stem: "subspace", rank: 4 }],
  ["Colour and texture", { model: "colour" }],
] as const) {
  test(`Ctrl-C ends the work before the first epoch: ${what}`, async (context) => {
    const folder = await temporaryDirectory(context);
    const data = await writeCsvSet(join(folder, "data"), 40);
    process.env.HISTO_CACHE = join(folder, "cache");
    const controller = new AbortController();
    const finished: string[] = [];
    const start = (label: string) => ({
      // As a signal arrives: between two turns of the event loop.
      update: () => void (label === what && setImmediate(() => controller.abort(new Interrupted()))),
      finish: () => void finished.push(label),
    });
    const progress = { start, say: () => undefined };
    const stopped = runTraining(
      { ...SMALL, ...options, data },
      { run: join(folder, "run"), progress, signal: controller.signal },
    );
    await assert.rejects(stopped, { code: "INTERRUPTED" });
    assert.ok(!finished.includes(what));
  });
}

test("images that are all of one colour are refused before the training, not by its export", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 30);
  const grey = await encodePng(new Uint8Array(16 * 16 * 3).fill(200), 16, 16);
  for (let i = 0; i < 30; i++) await writeFiles(data, { [`images/${i}.png`]: grey });
  const run = join(folder, "run");
  await assert.rejects(runTraining({ data, size: 16, hidden: [4], epochs: 1 }, { run }), { code: "DATA_ONE_COLOUR" });
  assert.equal(existsSync(run), false);
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
  const nameOf = (id: string) => {
    try {
      return readFileSync(`/proc/self/task/${id}/comm`, "utf8");
    } catch {
      return undefined; // It ended since it was listed.
    }
  };
  // The library that decodes images keeps some threads for the next ones.
  const isHeld = (id: string) => nameOf(id)?.startsWith("libvips") === false;
  const held = () => ({
    tensors: tf.memory().numTensors,
    ...(process.platform === "linux" && {
      threads: readdirSync("/proc/self/task").filter(isHeld).length,
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

  await assert.rejects(train("no-network", { model: "vit", size: 12 }), { code: "SIZE_NOT_PATCHES" });
  const narrow = await writeCsvSet(join(folder, "narrow"), 10);
  const table = await readFile(join(narrow, "labels.csv"), "utf8");
  await writeFile(join(narrow, "labels.csv"), table.replaceAll("SSA,train", "SSA,test"));
  await assert.rejects(train("no-split", { data: narrow }), { code: "DATA_TOO_SMALL" });
  assert.deepEqual(held(), before, "refused");
});

test("a run that an earlier version began keeps its partitions when it is resumed", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 40);
  const files = new RunDirectory(join(folder, "run"));
  const cut = { onRun: () => Promise.reject(new Error("power cut")) };
  await assert.rejects(runTraining({ ...SMALL, data }, { run: files.path, callbacks: [cut] }), /power cut/);
  const { reading, ...earlier } = await readJson<RunConfig>(files.config);
  assert.equal(reading, LATEST_READING);
  await writeFile(files.config, JSON.stringify(earlier));
  await runTraining({ data }, { run: files.path, resume: true });
  const { splitSeed: seed } = defaultTrainingOptions;
  const validationOf = async (version: Reading) => {
    const split = splitValidation(await loadDataset(data, {}, version), { seed });
    return split.tiles.filter(({ partition }) => partition === "validation").map(({ name }) => name);
  };
  const predicted = (await readPredictions(files.predictions("validation"))).map(({ filename }) => filename);
  assert.deepEqual(predicted, await validationOf(1));
  assert.notDeepEqual(predicted, await validationOf(LATEST_READING));
});
