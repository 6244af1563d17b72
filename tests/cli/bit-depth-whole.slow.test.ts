/** `--bit-depth`: cameras of 12 bits write their values into files of 16, which then are nearly black. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readPredictions } from "../../src/evaluation/index";
import { readJson } from "../../src/files/index";
import type { Preprocessing } from "../../src/image/index";
import { encodePng } from "../../src/image/with-sharp";
import { RunDirectory } from "../../src/runs/index";
import { texture, writeFiles } from "../support/data-sets";
import { histo } from "../support/histo";
import { twelveBitPng } from "../support/sixteen-bits";
import { temporaryDirectory } from "../support/temporary-directory";

const SIZE = 16;
const COUNT = 12;

test("12-bit images are warned of, and read, trained, exported and predicted as such", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const rows = ["image,label,partition"];
  const folder = (bits: number) => join(directory, `of-${bits}-bits`);
  for (let i = 0; i < COUNT; i++) {
    rows.push(`${i}.png,${i % 2 ? "b" : "a"},${i % 4 > 1 ? "test" : "train"}`);
    const pixels = texture(i, SIZE);
    await writeFiles(folder(8), { [`images/${i}.png`]: await encodePng(pixels, SIZE, SIZE) });
    await writeFiles(folder(12), { [`images/${i}.png`]: await twelveBitPng(pixels, SIZE, SIZE) });
  }
  for (const bits of [8, 12]) await writeFiles(folder(bits), { "labels.csv": rows.join("\n") });
  const succeed = (...argv: string[]) => {
    const { status, stdout, stderr } = histo(...argv);
    assert.equal(status, 0, stderr);
    return { stderr, result: stdout.trim() && JSON.parse(stdout) };
  };

  const asTheyAre = succeed("data", "pack", "--data", folder(12), "--json");
  assert.match(asTheyAre.stderr, /0\.png \(and 11 more\) .*nearly black.*--bit-depth 12/);
  const eda = (bits: number, ...options: string[]) =>
    succeed("eda", "--data", folder(bits), ...options, "--json").result;
  assert.deepEqual(eda(12, "--bit-depth", "12").mean, eda(8).mean);
  assert.match(eda(12).notes[0], /0\.png \(and 11 more\) .*nearly black/);

  const run = new RunDirectory(join(directory, "run"));
  const model = join(directory, "model");
  const network = ["--size", String(SIZE), "--hidden", "4", "--epochs", "1", "--no-track"];
  const train = ["train", "--data", folder(12), ...network, "--json"];
  assert.match(succeed(...train, "--run", join(directory, "dark")).stderr, /nearly black/);
  const { stderr: said } = succeed(...train, "--bit-depth", "12", "--run", run.path);
  assert.doesNotMatch(said, /nearly black/);
  const exported = succeed("export", "--run", run.path, "--out", model, "--no-track", "--json");
  assert.ok(exported.result.verification.maxDeviation < 1e-3, "export decodes the tiles as training did");
  const { preprocessing } = await readJson<{ preprocessing: Preprocessing }>(join(model, "model.json"));
  assert.equal(preprocessing.bitDepth, 12);

  const trained = await readPredictions(run.predictions("test"));
  for (const [bits, options] of [
    [12, []],
    [8, []],
    [8, ["--bit-depth", "16"]],
  ] as const) {
    const images = trained.map(({ filename }) => join(folder(bits), "images", filename));
    const { result, stderr } = succeed("predict", "--model", model, "--images", ...images, ...options, "--json");
    assert.equal(stderr.includes("nearly black"), false);
    for (const [i, { logit }] of trained.entries()) {
      assert.ok(Math.abs(result.predictions[i].logit - logit) < 1e-4);
      assert.deepEqual(result.predictions[i].warnings, []);
    }
  }
  const tile = join(folder(12), "images", "0.png");
  const { result, stderr } = succeed("predict", "--model", model, "--images", tile, "--bit-depth", "16", "--json");
  assert.match(stderr, /0\.png .*nearly black/);
  assert.deepEqual(result.predictions[0].warnings, ["low-bits", "blank", "no-tissue"]);
  assert.ok((await readFile(tile)).length > 0);
});
