/** What a run needs is known before it reads or writes anything. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { usableMemory } from "../../src/machine/index";
import type { GivenTrainingOptions } from "../../src/options/index";
import { checkMemory, planTraining } from "../../src/training/plan";
import { temporaryDirectory } from "../support/temporary-directory";

async function needed(context: TestContext, options: Omit<GivenTrainingOptions, "data">): Promise<void> {
  const directory = await temporaryDirectory(context);
  const own = { run: join(directory, "run"), resume: false, metrics: [] };
  checkMemory(await planTraining({ data: directory, ...options }, own));
}

test("an average of the weights counts as many weights again", async (context) => {
  // Adam keeps two numbers for each weight.
  const weights = (0.95 * usableMemory()) / 4 / 3.5;
  const options = { size: 8, hidden: [Math.round(weights / (8 * 8 * 3))] };
  await needed(context, options);
  await assert.rejects(needed(context, { ...options, ema: 0.99 }), { code: "SIZE_TOO_LARGE" });
});

test("more weights than fit into memory are refused, in whichever layer they are", async (context) => {
  const size = 8;
  await needed(context, { size, hidden: [1000, 1000] });
  await needed(context, { size, hidden: [] });
  const many = [10, 2_000_000, 2_000_000];
  const code = "SIZE_TOO_LARGE";
  await assert.rejects(needed(context, { size, hidden: many }), {
    code,
    message: /--size 8 .* choose a smaller --size/,
  });
  await assert.rejects(needed(context, { size: 16_000, hidden: [16_000] }), { code });
  const subspace = needed(context, { size, stem: "subspace", rank: 64, hidden: many });
  await assert.rejects(subspace, { code, message: /--rank 64 with --hidden .* choose a smaller --rank/ });
});

test("options that are texts are read before the training, not when it ends", async (context) => {
  await assert.rejects(needed(context, { schedule: "cosin" }), { code: "SCHEDULE_UNKNOWN" });
  await assert.rejects(needed(context, { thresholdRule: "sensitivity" }), { code: "THRESHOLD_RULE_UNKNOWN" });
  await needed(context, { size: 8, schedule: "cosine", thresholdRule: "sensitivity>=0.95" });
});
