/** @module What an exported model answers beside what its run recorded. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { loadDataset } from "../../src/dataset/index";
import { readPredictions } from "../../src/evaluation/index";
import { exportRun } from "../../src/export/index";
import { readJson } from "../../src/files/index";
import { decodeImage } from "../../src/image/index";
import { Predictor } from "../../src/inference/index";
import { type RunConfig, RunDirectory } from "../../src/runs/index";

/** Exports a run and compares the model's answers on test tiles with the recorded ones. */
export async function checkExport(context: TestContext, run: string, data: string): Promise<void> {
  const out = `${run}-model`;
  await exportRun({ run, out });
  const predictor = await Predictor.open(out, { threads: 1 });
  context.after(() => predictor.close());
  const { size } = await readJson<RunConfig>(new RunDirectory(run).config);
  const tiles = new Map((await loadDataset(data)).tiles.map((tile) => [tile.name, tile.path]));
  for (const { filename, logit } of (await readPredictions(new RunDirectory(run).predictions("test"))).slice(0, 5)) {
    const pixels = await decodeImage(tiles.get(filename) as string, { size });
    const [answer] = await predictor.predictPixels(pixels, 1);
    assert.ok(Math.abs((answer as number) - logit) < 1e-4, `${answer} for ${logit}`);
  }
}
