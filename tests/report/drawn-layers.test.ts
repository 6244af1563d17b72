/** The layers of a run that its report draws, each by the name of its class. */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readRun } from "../../src/evaluation/index";
import { writeJson, writeSafetensors } from "../../src/files/index";
import { runFigures } from "../../src/report/index";
import { runFolder } from "../support/run-folder";

test("a dense layer that computes in blocks is called Dense; another class with Block in its name keeps it", async () => {
  const folder = await runFolder();
  await mkdir(join(folder, "best"));
  const layers = ["BlockDense", "BlockAttention"].map((class_name) => ({
    class_name,
    config: { name: class_name, units: 2 },
  }));
  await writeJson(join(folder, "best", "topology.json"), { config: { layers } });
  await writeSafetensors(join(folder, "best", "weights.safetensors"), []);
  const { architecture } = await runFigures(await readRun(folder));
  const texts = architecture?.layout.yaxis?.ticktext ?? [];
  assert.ok(
    texts.some((text) => /<\/b> Dense\b/.test(text)),
    texts.join("\n"),
  );
  assert.ok(
    texts.some((text) => /<\/b> BlockAttention\b/.test(text)),
    texts.join("\n"),
  );
});
