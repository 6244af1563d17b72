import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { predictAll } from "../../serve/server/batch";
import { Predictor } from "../../src/inference/index";
import { writeModel, writeTiles } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

test("a whole folder gets one row per image, as the predictor answers; a damaged one gets its error only", async (t) => {
  const folder = await temporaryDirectory(t);
  const model = await writeModel(join(folder, "model"));
  const images = join(await writeTiles(join(folder, "tiles"), 40), "images");
  await writeFile(join(images, "MHIST_aab.png"), "no image");
  const out = join(folder, "predictions.csv");
  assert.deepEqual(await predictAll({ model, images, out }), { images: 40, failed: 1 });

  const [header, ...rows] = (await readFile(out, "utf8")).trimEnd().split("\n");
  assert.equal(header, "filename,logit,probability,predicted_class,threshold,error");
  assert.equal(rows.length, 40);
  assert.match(rows.find((row) => row.startsWith("MHIST_aab.png")) ?? "", /^MHIST_aab\.png,,,,,IMAGE_\w+$/);
  const predictor = await Predictor.open(model);
  t.after(() => predictor.close());
  const expected = await predictor.predict(await readFile(join(images, "MHIST_aac.png")));
  const [, logit, , predicted] = (rows.find((row) => row.startsWith("MHIST_aac.png")) ?? "").split(",");
  assert.ok(Math.abs(Number(logit) - expected.logit) < 1e-4);
  assert.equal(predicted, expected.predictedClass);
});
