import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadDataset } from "../../src/dataset/index";
import { readPredictions } from "../../src/evaluation/index";
import { exportRun, type Variant } from "../../src/export/index";
import { readJson } from "../../src/files/index";
import { decodeImage } from "../../src/image/index";
import { Predictor } from "../../src/inference/index";
import { colourFeatureCount } from "../../src/models/index";
import { type RunConfig, RunDirectory } from "../../src/runs/index";
import { runTraining } from "../../src/training/index";
import { drawnSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

const SIZE = 32;
const RANK = 12;
const HIDDEN = [20, 8];

async function trained(context: TestContext) {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const [data, run] = [await drawnSet({ images: 90, size: SIZE, seed: 7 }), join(directory, "run")];
  const options = { data, size: SIZE, stem: "subspace", beside: "colour", rank: RANK, hidden: HIDDEN } as const;
  await runTraining({ ...options, augment: "dihedral", dropout: 0.2, epochs: 3, lr: 0.003 }, { run });
  return { directory, data, run: new RunDirectory(run) };
}

test("colour and texture beside the subspace: one network, one ONNX on raw pixels", async (context) => {
  const { directory, data, run } = await trained(context);
  const width = RANK + colourFeatureCount(SIZE);
  const config = await readJson<RunConfig>(run.config);
  const dense = [width, ...HIDDEN, 1].slice(1).reduce((sum, units, i) => sum + units * ([width, ...HIDDEN][i]! + 1), 0);
  assert.equal(config.parameters, SIZE ** 2 * 3 * RANK + RANK + 2 * colourFeatureCount(SIZE) + dense);
  const rows = await readPredictions(run.predictions("test"));
  const spread = Math.max(...rows.map(({ logit }) => logit)) - Math.min(...rows.map(({ logit }) => logit));
  const tiles = new Map((await loadDataset(data)).tiles.map((tile) => [tile.name, tile.path]));
  const tolerances: readonly [Variant, number][] = [
    ["fp32", 1e-4],
    ["int8", 0.15 * spread],
    ["compact", 0.4 * spread],
  ];
  for (const [variant, tolerance] of tolerances) {
    const out = join(directory, variant);
    await exportRun({ run: run.path, out, variant });
    const predictor = await Predictor.open(out, { threads: 1 });
    context.after(() => predictor.close());
    for (const { filename, logit } of rows) {
      const pixels = await decodeImage(tiles.get(filename) as string, { size: SIZE });
      const [answer] = await predictor.predictPixels(pixels, 1);
      assert.ok(Math.abs((answer as number) - logit) < tolerance, `${variant}: ${answer} for ${logit}`);
    }
  }
});

test("what does not fit together is refused", async (context) => {
  const directory = await temporaryDirectory(context);
  const data = await drawnSet({ images: 20, size: 16 });
  const attempt = (options: object) => runTraining({ data, size: 16, ...options }, { run: join(directory, "run") });
  await assert.rejects(attempt({ beside: "colour" }), { code: "STEM_MODEL", message: /--stem subspace/ });
  await assert.rejects(attempt({ stem: "subspace", model: "cnn" }), { code: "STEM_MODEL", message: /--model mlp/ });
});
