import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { sha256File } from "../../src/files/index";
import { runTraining } from "../../src/training/index";
import { writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

const SMALL = { size: 16, hidden: [8], epochs: 3, batch: 8, lr: 1e-3 };

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
