import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { cp, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { mlpOnFeatures } from "../../src/models/index";
import { silentProgress } from "../../src/progress/index";
import { Adam } from "../../src/tensorflow/index";
import {
  BestWeights,
  batchesOf,
  type Callback,
  CheckpointStore,
  Checkpoints,
  createLoss,
  featureExamples,
  ReduceOnPlateau,
  shuffled,
  Trainer,
} from "../../src/training/index";
import { temporaryDirectory } from "../support/temporary-directory";

/** A small network on 3 batches an epoch. */
function newTrainer(
  callbacks: readonly Callback[] = [],
  epochs = 4,
  metrics: Readonly<Record<string, () => number>> = {},
): Trainer {
  const labels = Uint8Array.from({ length: 12 }, (_, i) => i % 2);
  const values = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i));
  const examples = featureExamples([values], 2, labels, 0);
  const source = batchesOf(examples, { size: 4, sampler: shuffled(12, 0) });
  return new Trainer(mlpOnFeatures(2, { hidden: [3] }), source, batchesOf(examples, { size: 4 }), {
    optimizer: new Adam(),
    loss: createLoss({ loss: "bce", positiveWeight: 1, labelSmoothing: 0, focalGamma: 2 }),
    learningRate: () => 0.01,
    epochs,
    callbacks,
    metrics,
  });
}

function readdirIfThere(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch {
    return undefined;
  }
}

/** Fills a folder with checkpoints of epochs 1 (`previous`) and 2 (`last`). */
async function twoCheckpoints(folder: string): Promise<CheckpointStore> {
  const store = new CheckpointStore(folder, "fingerprint");
  const saving = new Checkpoints(store, silentProgress, 3);
  await newTrainer([saving], 2).fit();
  return store;
}

test("the furthest checkpoint is restored, not what a killed save left long ago", async (context) => {
  const folder = await temporaryDirectory(context);
  const store = await twoCheckpoints(folder);
  await cp(join(folder, "previous"), join(folder, "writing-123"), { recursive: true });
  await mkdir(join(folder, "writing-124"));
  await writeFile(join(folder, "writing-124", "weights.safetensors"), "torn");
  const trainer = newTrainer();
  assert.match((await store.restore(trainer)) ?? "", /^Resumed from .*last: epoch 1, batch 3\.$/);
  assert.equal(trainer.step, 6);
  assert.deepEqual((await readdir(folder)).sort(), ["last", "previous"]);
});

test("a save that was killed between its renames counts, and becomes the last one", async (context) => {
  const folder = await temporaryDirectory(context);
  const store = await twoCheckpoints(folder);
  await rename(join(folder, "last"), join(folder, "writing-123"));
  const trainer = newTrainer();
  assert.match((await store.restore(trainer)) ?? "", /^Resumed from .*writing-123: epoch 1, batch 3\.$/);
  assert.deepEqual((await readdir(folder)).sort(), ["last", "previous"]);
  const again = newTrainer();
  assert.match((await store.restore(again)) ?? "", /^Resumed from .*last: epoch 1, batch 3\.$/);
});

test("a folder named last or previous has a manifest at every moment, also while an old one is removed", async (context) => {
  const folder = await temporaryDirectory(context);
  const store = await twoCheckpoints(folder);
  const torn = new Set<string>();
  const look = setInterval(() => {
    for (const name of ["last", "previous"]) {
      const inside = readdirIfThere(join(folder, name));
      if (inside && !inside.includes("manifest.json")) torn.add(`${name}: ${inside.join(", ") || "empty"}`);
    }
  });
  const trainer = newTrainer();
  for (let i = 0; i < 40; i++) await store.save(trainer);
  clearInterval(look);
  assert.deepEqual([...torn], []);
});

test("what a killed removal has left is removed without a word", async (context) => {
  const folder = await temporaryDirectory(context);
  const store = await twoCheckpoints(folder);
  await cp(join(folder, "last"), join(folder, "removing-123"), { recursive: true });
  await rm(join(folder, "removing-123", "manifest.json"));
  assert.match((await store.restore(newTrainer())) ?? "", /^Resumed from .*last: epoch 1, batch 3\.$/);
  assert.deepEqual((await readdir(folder)).sort(), ["last", "previous"]);
});

test("a first save that was killed is no checkpoint; the run starts anew", async (context) => {
  const folder = await temporaryDirectory(context);
  const store = await twoCheckpoints(folder);
  await rename(join(folder, "last"), join(folder, "writing-123"));
  await rm(join(folder, "writing-123", "manifest.json"));
  await rm(join(folder, "previous"), { recursive: true });
  assert.equal(await store.restore(newTrainer()), undefined);
});

test("a trainer that takes back its state is where the other one was", async () => {
  const counter = (name: string) => {
    const own = { name, epochs: 0, onEpochEnd: () => void own.epochs++, state: () => own.epochs, restore };
    function restore(state: unknown): void {
      own.epochs = state as number;
    }
    return own;
  };
  const [before, after] = [counter("counter"), counter("counter")];
  const trainer = newTrainer([before], 2);
  await trainer.fit();
  trainer.lrScale = 0.25;
  const state = JSON.parse(JSON.stringify(trainer.state())) as ReturnType<Trainer["state"]>;
  const other = newTrainer([after], 2);
  other.stopReason = "something else";
  other.restore(state);
  assert.deepEqual(JSON.parse(JSON.stringify(other.state())), state);
  assert.deepEqual([other.epoch, other.step, other.learningRate(), after.epochs], [2, 6, 0.0025, 2]);
  assert.equal(other.stopReason, undefined);
});

test("numbers that are not finite come back from a checkpoint as they were", async (context) => {
  const folder = await temporaryDirectory(context);
  const margin = { metric: "margin", mode: "min" } as const;
  const watching = () => new ReduceOnPlateau(margin, 0.5, 9);
  /** A metric without a value in the first epoch and with an infinite one in the second. */
  const marginIn = (values: readonly number[]) => ({ margin: () => values[Math.floor(measured++ / 2)] as number });
  let measured = 0;
  const store = new CheckpointStore(folder, "fingerprint");
  const best = () => new BestWeights(join(folder, "best", "weights.safetensors"), margin);
  const saving = new Checkpoints(store, silentProgress);
  const first = newTrainer([best(), watching(), saving], 1, marginIn([Number.NaN]));
  await first.fit();
  const [kept, stopping] = [best(), watching()];
  const trainer = newTrainer([kept, stopping], 2, marginIn([Number.NaN, 0.25]));
  await store.restore(trainer);
  assert.ok(Number.isNaN(trainer.history[0]?.validation.margin));
  measured = 2;
  await trainer.fit();
  assert.equal(kept.epoch, 2, "a first value is better than none");

  const infinite = new CheckpointStore(join(folder, "infinite"), "fingerprint");
  measured = 0;
  const saves = new Checkpoints(infinite, silentProgress);
  await newTrainer([watching(), saves], 1, marginIn([Number.POSITIVE_INFINITY])).fit();
  const again = watching();
  await infinite.restore(newTrainer([again]));
  assert.deepEqual(again.state(), { best: Number.POSITIVE_INFINITY, waited: 0 });
});

test("a callback with state needs a name of its own", () => {
  const stateful = (name: string) => ({ name, onEnd() {}, state: () => 0, restore() {} });
  assert.throws(() => newTrainer([stateful("")]), { code: "CALLBACK_NAME" });
  assert.throws(() => newTrainer([stateful("a"), stateful("a")]), { code: "CALLBACK_NAME" });
});

test("what a callback throws after a save ends the training as its own error", async (context) => {
  const said: string[] = [];
  const progress = { ...silentProgress, say: (line: string) => void said.push(line) };
  const store = new CheckpointStore(await temporaryDirectory(context), "fingerprint");
  const copying = {
    onSave() {
      throw new Error("no bucket of that name");
    },
  };
  const trainer = newTrainer([copying, new Checkpoints(store, progress, 3)], 2);
  await assert.rejects(trainer.fit(), /^Error: no bucket of that name$/);
  assert.deepEqual(said, [], "no warning that nothing was saved");
  assert.match((await store.restore(newTrainer())) ?? "", /epoch 0, batch 3/);
});
