import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { SafetensorsFile } from "../../../src/files/index";
import { mlpOnFeatures } from "../../../src/models/index";
import { tf } from "../../../src/tensorflow/index";
import { BestWeights } from "../../../src/training/index";
import { epochResult, watchedTrainer } from "../../support/epochs";
import { temporaryDirectory } from "../../support/temporary-directory";

const AUC = { metric: "rocAuc", mode: "max" } as const;
const LOSS = { metric: "loss", mode: "min" } as const;

/** A model whose only bias is the number of its epoch. */
function modelOf(epoch: number): tf.LayersModel {
  const model = mlpOnFeatures(2, { hidden: [] });
  setEpoch(model, epoch);
  return model;
}

function setEpoch(model: tf.LayersModel, epoch: number): void {
  const [kernel] = model.getWeights();
  model.setWeights([kernel as tf.Tensor, tf.tensor1d([epoch])]);
}

const epochOf = (model: tf.LayersModel) => model.getWeights()[1]?.dataSync()[0];

async function afterEpochs(context: TestContext, best: (path: string) => BestWeights, values: readonly object[]) {
  const folder = await temporaryDirectory(context);
  const callback = best(join(folder, "best.safetensors"));
  const trainer = watchedTrainer({ model: modelOf(0) });
  for (const [i, validation] of values.entries()) {
    setEpoch(trainer.model, i + 1);
    await callback.onValidationEnd(trainer, epochResult(i + 1, validation as Record<string, number>));
  }
  return { folder, callback, trainer };
}

for (const [what, monitor, keep, values, best, kept] of [
  ["the best epoch alone", AUC, 1, [0.6, 0.8, 0.7], 2, [2]],
  ["the first of equal epochs", AUC, 1, [0.8, 0.8], 1, [1]],
  ["the smallest loss", LOSS, 1, [0.6, 0.4, 0.5], 2, [2]],
  ["as many epochs as asked for, the best ones", AUC, 2, [0.6, 0.8, 0.7, 0.5], 2, [2, 3]],
  ["fewer where there are fewer", AUC, 3, [0.6, 0.8], 2, [1, 2]],
  ["one that is not a number only until there is one that is", AUC, 1, [Number.NaN, 0.1, Number.NaN], 2, [2]],
] as const) {
  test(`keeps ${what}`, async (context) => {
    const { folder, callback, trainer } = await afterEpochs(
      context,
      (path) => new BestWeights(path, monitor, keep),
      values.map((value) => ({ [monitor.metric]: value })),
    );
    assert.equal(callback.epoch, best);
    const epochs = (await readdir(folder)).flatMap((name) => /^epoch-(\d+)\.safetensors$/.exec(name)?.[1] ?? []);
    assert.deepEqual(epochs.map(Number).sort(), kept);
    const file = await SafetensorsFile.open(join(folder, "best.safetensors"));
    assert.equal(file.metadata.epoch, String(best));
    await file.close();
    await callback.onEnd(trainer);
    assert.equal(epochOf(trainer.model), best, "the model ends with the best weights");
    const left = ["best.safetensors", ...kept.map((epoch) => `epoch-${epoch}.safetensors`)];
    assert.deepEqual((await readdir(folder)).sort(), left);
  });
}

test("of equal epochs the one with the lowest loss is kept, also after a restart", async (context) => {
  const values = [6.3, 0.4, 0.5].map((loss) => ({ rocAuc: 1, loss }));
  const { folder, callback } = await afterEpochs(context, (path) => new BestWeights(path, AUC), values);
  assert.equal(callback.epoch, 2);
  const again = new BestWeights(join(folder, "best.safetensors"), AUC);
  again.restore(JSON.parse(JSON.stringify(callback.state())));
  for (const [epoch, loss] of [0.6, 0.3].entries()) {
    await again.onValidationEnd(
      watchedTrainer({ model: modelOf(4 + epoch) }),
      epochResult(4 + epoch, { rocAuc: 1, loss }),
    );
  }
  assert.equal(again.epoch, 5);
});

test("what is restored is compared with what comes after it", async (context) => {
  const { folder, callback } = await afterEpochs(context, (path) => new BestWeights(path, AUC), [{ rocAuc: 0.8 }]);
  const again = new BestWeights(join(folder, "best.safetensors"), AUC);
  again.restore(JSON.parse(JSON.stringify(callback.state())));
  await again.onValidationEnd(watchedTrainer({ model: modelOf(2) }), epochResult(2, { rocAuc: 0.7 }));
  assert.equal(again.epoch, 1);
});

test("weights that are not finite are refused, not kept", async (context) => {
  const folder = await temporaryDirectory(context);
  const callback = new BestWeights(join(folder, "best.safetensors"), AUC);
  const trainer = watchedTrainer({ model: modelOf(Number.NaN) });
  await assert.rejects(callback.onValidationEnd(trainer, epochResult(1, {})), { code: "TRAINING_DIVERGED" });
  assert.deepEqual(await readdir(folder), []);
});

test("a run that is resumed after a crash, and ends earlier, ends with the best weights that it knows of", async (context) => {
  const values = [0.6, 0.8].map((rocAuc) => ({ rocAuc }));
  const { folder, callback, trainer } = await afterEpochs(context, (path) => new BestWeights(path, AUC), values);
  const checkpoint = JSON.parse(JSON.stringify(callback.state()));
  callback.onSave();
  // The process dies after an epoch that is better still, and before the next checkpoint.
  setEpoch(trainer.model, 3);
  await callback.onValidationEnd(trainer, epochResult(3, { rocAuc: 0.9 }));
  const again = new BestWeights(join(folder, "best.safetensors"), AUC);
  again.restore(checkpoint);
  const resumed = watchedTrainer({ model: modelOf(2) });
  await again.onEnd(resumed);
  assert.deepEqual([again.epoch, epochOf(resumed.model)], [2, 2]);
  assert.deepEqual((await readdir(folder)).sort(), ["best.safetensors", "epoch-2.safetensors"]);
});

test("the best weights of the last checkpoint stay where the next one cannot be written", async (context) => {
  const { folder, callback, trainer } = await afterEpochs(context, (path) => new BestWeights(path, AUC), [
    { rocAuc: 0.6 },
  ]);
  const checkpoint = JSON.parse(JSON.stringify(callback.state()));
  callback.onSave();
  for (const epoch of [2, 3]) {
    setEpoch(trainer.model, epoch);
    await callback.onValidationEnd(trainer, epochResult(epoch, { rocAuc: 0.6 + epoch / 10 }));
    callback.state(); // for a checkpoint for which the disk is too full
  }
  const again = new BestWeights(join(folder, "best.safetensors"), AUC);
  again.restore(checkpoint);
  assert.equal(again.epoch, 1);
});

test("what a killed process was writing is removed, also for an epoch that is not written again", async (context) => {
  const folder = await temporaryDirectory(context);
  await writeFile(join(folder, "epoch-1.safetensors.tmp-4194304-17"), "the beginning of weights");
  const callback = new BestWeights(join(folder, "best.safetensors"), AUC);
  await callback.onValidationEnd(watchedTrainer({ model: modelOf(2) }), epochResult(2, { rocAuc: 0.7 }));
  assert.deepEqual((await readdir(folder)).sort(), ["best.safetensors", "epoch-2.safetensors"]);
});
