/** @module Trainings of a whole EfficientNet-Lite0 with made weights. */
import "../support/float32";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Interrupted } from "../../src/errors/index";
import { readJson, SafetensorsFile } from "../../src/files/index";
import { type RunConfig, RunDirectory } from "../../src/runs/index";
import type { RunCallback } from "../../src/training/index";
import { checkExport } from "../support/exported-run";
import { trainable } from "../support/fine-tuned";

test("a run of it is trained, exported and predicts as it did", async (context) => {
  const { directory, data, weights, train } = await trainable(context);
  await train("run", { freeze: "blocks:12", layerDecay: 0.8, freezeBatchNorm: true, views: 8 });
  const run = new RunDirectory(join(directory, "run"));
  const { preprocessing, pretrained } = await readJson<RunConfig>(run.config);
  assert.deepEqual(preprocessing.mean, [127 / 255, 127 / 255, 127 / 255]);
  assert.deepEqual(
    pretrained?.map(({ name, licence }) => [name, licence]),
    [["efficientnet-lite0", "Apache-2.0"]],
  );

  const [before, after] = [await SafetensorsFile.open(weights), await SafetensorsFile.open(run.bestWeights)];
  const same = async (was: string, is: string) =>
    Buffer.compare(Buffer.from((await before.read(was)).buffer), Buffer.from((await after.read(is)).buffer)) === 0;
  assert.ok(await same("_blocks.11._bn1.weight", "block_12_depthwise_norm/gamma"));
  assert.ok(!(await same("_blocks.12._bn1.weight", "block_13_depthwise_norm/gamma")));
  assert.ok(await same("_blocks.12._bn1.running_mean", "block_13_depthwise_norm/moving_mean"));
  await Promise.all([before.close(), after.close()]);

  await checkExport(context, run.path, data);
});

test("an interrupted run ends with the bytes of an uninterrupted one", async (context) => {
  const { directory, train } = await trainable(context);
  await train("whole", { layerDecay: 0.8 });
  const stop = new AbortController();
  const stopping: RunCallback = { onBatchEnd: ({ step }) => void (step === 4 && stop.abort()) };
  await assert.rejects(
    train("parts", { layerDecay: 0.8 }, { signal: stop.signal, callbacks: [stopping] }),
    Interrupted,
  );
  await train("parts", { layerDecay: 0.8 }, { resume: true });
  const [whole, parts] = ["whole", "parts"].map((name) => new RunDirectory(join(directory, name)).bestWeights);
  assert.equal(Buffer.compare(await readFile(whole as string), await readFile(parts as string)), 0);
});
