import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { projectRoot } from "../../src/files/index";
import { runTraining, type TrainingResult } from "../../src/training/index";
import { writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

test("the example of the guide to metrics trains, and its metric chooses the best epoch", async (context) => {
  const guide = await readFile(join(projectRoot(), "docs", "add-a-metric.md"), "utf8");
  const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(guide) ?? [];
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 60);
  const code = example
    .replace(/^import .*$/m, "")
    .replace('"DIR"', JSON.stringify(data))
    .replace('"runs/mine"', JSON.stringify(join(folder, "run")))
    .replace("await runTraining", "return await runTraining");
  const { outputText } = ts.transpileModule(`async () => {${code}}`, { compilerOptions: { target: 9 } });
  const run = new Function("runTraining", `return (${outputText.trim().replace(/;$/, "")})()`);
  const { epochs } = (await run(runTraining)) as TrainingResult;
  const lines = (await readFile(join(folder, "run", "history.jsonl"), "utf8")).trim().split("\n");
  assert.deepEqual([epochs, lines.length], [3, 3]);
  for (const line of lines) {
    const { validation } = JSON.parse(line) as { validation: { recallAtZero: number } };
    assert.ok(validation.recallAtZero >= 0 && validation.recallAtZero <= 1);
  }
});
