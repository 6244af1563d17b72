import assert from "node:assert/strict";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { predictAll } from "../../serve/server/batch";
import { readTable } from "../../src/dataset/table";
import { Predictor } from "../../src/inference/index";
import { writeModel, writeTiles } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

test("a whole folder gets one row per image, as the predictor answers; a damaged one gets its error only", async (t) => {
  const folder = await temporaryDirectory(t);
  const model = await writeModel(join(folder, "model"), { drawn: true });
  const images = join(await writeTiles(join(folder, "tiles"), 40), "images");
  await writeFile(join(images, "MHIST_aab.png"), "no image");
  const out = join(folder, "predictions.csv");
  assert.deepEqual(await predictAll({ model, images, out }), { images: 40, failed: 1 });

  const [header, ...rows] = (await readFile(out, "utf8")).trimEnd().split("\n");
  assert.equal(
    header,
    "filename,logit,probability,predicted_class,threshold,error,in_distribution,warnings,trained_on_drawn_tiles",
  );
  assert.equal(rows.length, 40);
  assert.match(rows.find((row) => row.startsWith("MHIST_aab.png")) ?? "", /^MHIST_aab\.png,,,,,IMAGE_\w+,,,true$/);
  const predictor = await Predictor.open(model);
  t.after(() => predictor.close());
  const expected = await predictor.predict(await readFile(join(images, "MHIST_aac.png")));
  const [, logit, , predicted] = (rows.find((row) => row.startsWith("MHIST_aac.png")) ?? "").split(",");
  assert.ok(Math.abs(Number(logit) - expected.logit) < 1e-4);
  assert.equal(predicted, expected.predictedClass);
});

test("odd names of a label table stay in their column, and each image that was not read says why", async (t) => {
  const folder = await temporaryDirectory(t);
  const model = await writeModel(join(folder, "model"));
  const images = await writeTiles(join(folder, "tiles"), 2);
  const odd = ['"a, ""b"".png"', '"=HYPERLINK(""x"").png"', "MHIST_zzz.png"];
  await appendFile(join(images, "annotations.csv"), odd.map((name) => `${name},SSA,5,train\n`).join(""));
  const out = join(folder, "predictions.csv");
  assert.deepEqual(await predictAll({ model, images, out }), { images: 5, failed: 3 });

  const { columns, rows } = await readTable(out);
  const [filename, error] = ["filename", "error"].map((name) => columns.indexOf(name)) as [number, number];
  const read = new Map(rows.map(({ fields }) => [fields[filename], fields[error]]));
  assert.deepEqual(Object.fromEntries(read), {
    "MHIST_aaa.png": "",
    "MHIST_aab.png": "",
    'a, "b".png': "IMAGE_NAME_INVALID",
    '\'=HYPERLINK("x").png': "IMAGE_NAME_INVALID",
    "MHIST_zzz.png": "IMAGE_NOT_FOUND",
  });
});

test("an unusable place for the table is refused before anything is read", async () => {
  const nowhere = { model: "/nowhere", images: "/nowhere" };
  await assert.rejects(predictAll({ ...nowhere, out: "s3://bucket-only" }), { code: "OUT_INVALID" });
});
