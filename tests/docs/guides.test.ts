import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import ts from "typescript";
import { exportRun } from "../../src/export/index";
import { projectRoot } from "../../src/files/index";
import { registerModel } from "../../src/models/registry/index";
import { tf } from "../../src/tensorflow/index";
import { runTraining, type TrainingResult } from "../../src/training/index";
import { writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

const given = { runTraining, registerModel, tf };

/** Runs the first TypeScript example of a guide on made images. @returns what its training found, and the run's directory */
async function runExample(context: TestContext, name: string): Promise<{ result: TrainingResult; run: string }> {
  const guide = await readFile(join(projectRoot(), "docs", name), "utf8");
  const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(guide) ?? [];
  const folder = await temporaryDirectory(context);
  const run = join(folder, "run");
  const code = example
    .replace(/^import .*$/gm, "")
    .replace('"DIR"', JSON.stringify(await writeCsvSet(join(folder, "data"), 60)))
    .replace('"runs/mine"', JSON.stringify(run))
    .replace("await runTraining", "return await runTraining");
  const { outputText } = ts.transpileModule(`async () => {${code}}`, { compilerOptions: { target: 9 } });
  const start = new Function(...Object.keys(given), `return (${outputText.trim().replace(/;$/, "")})()`);
  return { result: (await start(...Object.values(given))) as TrainingResult, run };
}

test("the example of the guide to metrics trains, and its metric chooses the best epoch", async (context) => {
  const { result, run } = await runExample(context, "add-a-metric.md");
  const lines = (await readFile(join(run, "history.jsonl"), "utf8")).trim().split("\n");
  assert.deepEqual([result.epochs, lines.length], [3, 3]);
  for (const line of lines) {
    const { validation } = JSON.parse(line) as { validation: { recallAtZero: number } };
    assert.ok(validation.recallAtZero >= 0 && validation.recallAtZero <= 1);
  }
});

test("the example of the guide to models trains, and its run exports with the same answers", async (context) => {
  const { result, run } = await runExample(context, "add-a-model.md");
  assert.equal(result.epochs, 2);
  const { parameters, verification } = await exportRun({ run, out: join(run, "model") });
  assert.equal(parameters, 4, "three weights and a bias");
  assert.ok(verification && verification.tiles > 0 && verification.maxDeviation < 1e-4);
});
