import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { cardPage } from "../../src/card-page/index";
import { writeSyntheticDataset } from "../../src/dataset/index";
import { exportRun } from "../../src/export/index";
import { readJson } from "../../src/files/index";
import { describeAucChange, type ModelCard } from "../../src/model-directory/index";
import type { TileCounts } from "../../src/runs/index";
import { runTraining } from "../../src/training/index";
import { BACKBONE_SIZE, writeBackbone } from "../support/backbone-file";
import { texturePng, writeFiles } from "../support/data-sets";
import { histoHere, histoJsonHere } from "../support/histo";
import { temporaryDirectory } from "../support/temporary-directory";

test("a model's card says what it was trained on, how it was chosen, what it reaches, and its limits", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const [data, run, out] = ["polyps", "run", "model"].map((name) => join(directory, name)) as [string, string, string];
  await writeSyntheticDataset({ out: data, images: 120, size: 32, seed: 3 });
  await runTraining({ data, size: 32, model: "colour", epochs: 1 }, { run });
  await exportRun({ run, out, mpp: 0.5 });
  const page = await readFile(join(out, "MODEL_CARD.md"), "utf8");
  assert.equal((await histoHere("card", out)).stdout, page);
  const { card } = await histoJsonHere<{ card: ModelCard }>("card", out);
  assert.equal(page, cardPage(card));

  const byClass = { "<x>": card.trainedOn?.tiles, "a|b": card.trainedOn?.tiles } as Record<string, TileCounts>;
  const odd = cardPage({
    ...card,
    name: "*mine*",
    classes: ["<x>", "a|b"],
    trainedOn: { ...card.trainedOn!, byClass },
  });
  for (const line of [
    "# \\*mine\\*",
    "distinguishes a|b (positive) from \\<x\\> (negative)",
    "| \\<x\\> | ",
    "| a\\|b | ",
  ]) {
    assert.ok(odd.includes(line), line);
  }

  const counted = Object.values(card.trainedOn?.byClass ?? {});
  assert.equal(
    counted.reduce((sum, { train, validation, test }) => sum + train + validation + test, 0),
    120,
  );
  const { SSA } = card.trainedOn?.byClass ?? {};
  assert.ok(SSA && page.includes(`| SSA | ${SSA.train} | ${SSA.validation} | ${SSA.test} |`));
  for (const said of [
    "**Trained on drawn (synthetic) tiles: it has never seen real tissue.**",
    "Drawn (synthetic) tiles of the data set polyps:",
    "32 x 32 pixels (0.5 micrometres per pixel)",
    "best ROC AUC on validation. The threshold was chosen on validation (maximum balanced accuracy)",
    card.shift?.test?.says ?? "no shift",
    "it is not a medical device",
  ])
    assert.ok(page.includes(said), `${said} is not in\n${page}`);
  assert.match(page, /\| ROC AUC \| [\d.]+ \(95 % [\d.]+ to [\d.]+\) \| [\d.]+ \(95 %/);
});

test("a card names the classes of the rest, and counts patients and pictures in several partitions without naming them", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const [data, run, out] = ["tiles", "run", "model"].map((name) => join(directory, name)) as [string, string, string];
  const rows = Array.from({ length: 40 }, (_, i) => {
    const partition = i < 30 ? "train" : "test";
    // Mrs Jones has images for training and for testing.
    const patient = i % 30 < 2 ? "jones" : `p${i}`;
    return `${i}.png,${i % 2 ? "SSA" : i % 4 ? "HP" : "TA"},${partition},${patient}\n`;
  });
  for (let i = 0; i < rows.length; i++) {
    // The picture of 4 is also that of 34.
    await writeFiles(data, { [`images/${i}.png`]: await texturePng(i === 34 ? 4 : i, 16) });
  }
  await writeFiles(data, { "labels.csv": `image,label,partition,patient\n${rows.join("")}` });
  await runTraining({ data, dataset: { positive: "SSA" }, size: 16, model: "colour", epochs: 1 }, { run });
  await exportRun({ run, out });
  const { trainedOn } = await readJson<ModelCard>(join(out, "model.json"));
  assert.deepEqual(trainedOn?.acrossPartitions, { groups: 1, pictures: 1 });
  const page = await readFile(join(out, "MODEL_CARD.md"), "utf8");
  assert.match(
    page,
    /too good: images of 1 patient or slide and equal images of 1 picture are in more than one partition\./,
  );
  assert.doesNotMatch(page, /jones|34\.png/);
  await histoHere("evaluate", "--run", run, "--report", "--no-track");
  const report = await readFile(join(run, "report.html"), "utf8");
  assert.match(report, /class="caution">These results are too good: images of 1 patient or slide and equal images/);
  assert.match(page, /distinguishes SSA \(positive\) from other \(negative: HP, TA\)\./);
});

test("networks that others trained are named with their licences", async () => {
  const card = {
    format: "histo-model/1",
    name: "frozen",
    classes: ["benign", "tumour"],
    threshold: 0.4,
    preprocessing: { size: 224, resize: "crop", mean: [0, 0, 0], std: [1, 1, 1] },
    trainedOn: {
      tiles: { train: 3, validation: 2, test: 1 },
      drawn: false,
      pretrained: [{ name: "lite0", sha256: "", licence: "Apache-2.0", pretraining: "ImageNet-1k" }],
    },
  } as unknown as ModelCard;
  const page = cardPage({ ...card, selection: { monitor: "own measure", thresholdRule: "by *hand*" } });
  assert.match(page, /best own measure on validation\. The threshold was chosen on validation \(by \\\*hand\\\*\)/);
  assert.match(page, /- lite0: Apache-2\.0\./);
  assert.match(page, /It builds on lite0, pretrained on ImageNet-1k\./);
  assert.doesNotMatch(page, /drawn|drew/);
});

test("the measures of a compact model are said to be those before its export, and what that changed", () => {
  const card = {
    format: "histo-model/1",
    name: "small",
    classes: ["benign", "tumour"],
    threshold: 0.4,
    preprocessing: { size: 224, resize: "crop", mean: [0, 0, 0], std: [1, 1, 1] },
    variant: "compact",
    metrics: { test: { rocAuc: 0.9, balancedAccuracy: 0.8, recall: 0.8, specificity: 0.8 } },
  } as unknown as ModelCard;
  assert.match(cardPage(card), /before its export as compact\. What the export changed was not measured\./);
  const verification = { tiles: 120, changedAnswers: 1, rocAucDrop: 0.004, rocAucDropCi95: [-0.006, 0.013] };
  const page = cardPage({ ...card, verification } as unknown as ModelCard);
  assert.match(
    page,
    /On 120 validation tiles the export changes 1 answer, and the ROC AUC drops by 0\.0040 \(95 % -0\.0060 to 0\.0130\)/,
  );
  assert.doesNotMatch(cardPage({ ...card, variant: "fp32" }), /before its export/);
});

test("an export's change of the AUC is a drop, a rise or none", () => {
  const words = (rocAucDrop: number | null, rocAucDropCi95: readonly [number, number] | null) =>
    describeAucChange({ rocAucDrop, rocAucDropCi95 });
  assert.equal(words(0.004, [-0.006, 0.013]), "drops by 0.0040 (95 % -0.0060 to 0.0130)");
  assert.equal(words(-0.004, [-0.013, 0.006]), "rises by 0.0040 (95 % -0.0060 to 0.0130)");
  assert.equal(words(0, [0, 0]), "stays the same (95 % 0.0000 to 0.0000)");
  assert.equal(words(-0.00001, [-0.002, 0]), "stays the same (95 % 0.0000 to 0.0020)");
  assert.equal(words(0.004, null), "drops by 0.0040");
  assert.equal(words(null, null), undefined);
});

test("a folder without a model is refused", async (context) => {
  const directory = await temporaryDirectory(context);
  await writeFile(join(directory, "other.txt"), "");
  const { status, stderr } = await histoHere("card", directory);
  assert.equal(status, 2);
  assert.equal(stderr.split("\n").length, 2, stderr);
});

test("a linear head on frozen features is said to be solved, not chosen among epochs", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const [data, file, run, out] = ["data", "features.onnx", "run", "model"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
    string,
  ];
  await writeSyntheticDataset({ out: data, images: 60, size: BACKBONE_SIZE, seed: 3 });
  await writeBackbone(file, "vector");
  await runTraining({ data, size: BACKBONE_SIZE, model: `backbone:${file}` }, { run });
  await exportRun({ run, out });
  const { card } = await histoJsonHere<{ card: ModelCard }>("card", out);
  assert.deepEqual(card.selection, { isSolved: true, thresholdRule: "balanced-accuracy" });
  const page = await readFile(join(out, "MODEL_CARD.md"), "utf8");
  assert.match(page, /solve a logistic regression .* cross-validation .* The threshold was chosen on validation/);
  assert.doesNotMatch(page, /epoch/);
});
