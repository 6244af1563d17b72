import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import { areaOf, rowGroups } from "../../src/evaluation/index";
import { slideMetrics } from "../../src/slide/aggregation";
import { findSlides, type SlideSummary, type SlidesResult } from "../../src/slide/index";
import { readSlideLabels } from "../../src/slide/slide-labels";
import { histoHere } from "../support/histo";
import { writeModel } from "../support/served-model";
import { picture, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

test("a folder of slides gives a table; one that is broken spoils no other, and none is predicted twice", async (t) => {
  const directory = await temporaryDirectory(t);
  const folder = join(directory, "slides");
  await mkdir(folder);
  for (const [i, name] of ["b", "a", "c", "d"].entries())
    await writeSlide(join(folder, `${name}.tif`), [picture(128, 96, i)]);
  await writeFile(join(folder, "broken.svs"), "no slide");
  await writeFile(join(folder, "notes.txt"), "not looked at");
  const labels = join(directory, "labels.csv");
  await writeFile(labels, "slide,label,partition\na,HP,val\nb,SSA,val\nc.tif,SSA,test\nd,HP,train\n");
  const model = await writeModel(join(directory, "model"));
  const out = join(directory, "out");
  const argv = ["slide", folder, "--model", model, "--out", out, "--mpp", "0.5", "--labels", labels, "--workers", "1"];
  const { status, stdout, stderr } = await histoHere(...argv, "--json", "--quiet");
  assert.equal(status, 1);
  assert.match(stderr, /broken\.svs/);
  const result = JSON.parse(stdout) as SlidesResult;
  assert.deepEqual(
    result.failed.map(({ slide }) => slide),
    ["broken.svs"],
  );
  assert.equal(result.metrics?.chosenOnValidation, true);
  assert.equal(result.metrics?.validation?.n, 2);
  assert.equal(result.metrics?.test?.n, 1, "slides for training are not measured");
  const rows = parse(await readFile(join(out, "slides.csv")), { columns: true }) as Record<string, string>[];
  assert.deepEqual(
    rows.map((row) => [row.slide, row.label, row.tissue_tiles]),
    [
      ["a.tif", "0", "12"],
      ["b.tif", "1", "12"],
      ["c.tif", "1", "12"],
      ["d.tif", "0", "12"],
      ["broken.svs", "", ""],
    ],
  );
  const before = (await stat(join(out, "a.tif", "slide.json"))).mtimeMs;
  const again = await histoHere(...argv, "--resume", "--quiet");
  assert.equal(again.status, 1);
  assert.match(again.stdout, /: no AUC, as there is one class only, on 1 slide\n/);
  assert.equal((await stat(join(out, "a.tif", "slide.json"))).mtimeMs, before);
  await writeFile(labels, "slide,label,partition\na,HP,val\nb,SSA,val\n");
  const ofValidation = await histoHere(...argv, "--resume", "--quiet");
  assert.match(ofValidation.stdout, /: AUC [01]\.\d{3} \(95 % [01]\.\d{3} to [01]\.\d{3}\) on 2 validation slides\n/);
});

test("labels that contradict each other, and those of other slides, are refused before anything is predicted", async (t) => {
  const directory = await temporaryDirectory(t);
  const slide = await writeSlide(join(directory, "a.tif"), [picture(128, 96)]);
  const model = await writeModel(join(directory, "model"));
  const labels = join(directory, "labels.csv");
  const out = join(directory, "out");
  for (const [rows, message] of [
    ["a.tif,HP,\nb,HP,\na.tif,SSA,\n", /labels\.csv, line 4: a\.tif has another label or partition in line 2\./],
    ["a.tif,HP,valdation\n", /labels\.csv, line 2: valdation is not a partition; write train, validation or test\./],
    ["b.tif,HP,\n", /labels\.csv has no label for any slide; it must name them as their files, such as a\.tif\./],
  ] as const) {
    await writeFile(labels, `slide,label,partition\n${rows}`);
    const argv = [slide, "--model", model, "--out", out, "--mpp", "0.5", "--labels", labels, "--quiet"];
    const { status, stderr } = await histoHere("slide", ...argv);
    assert.equal(status, 2);
    assert.match(stderr, message);
    await assert.rejects(stat(out));
  }
});

test("slides of the same name in several folders have names of their own", async (t) => {
  const directory = await temporaryDirectory(t);
  const paths = ["a/s.svs", "b/s.svs", "c/s.svs-2", "d/s.svs"].map((path) => join(directory, path));
  for (const path of paths) {
    await mkdir(join(path, ".."));
    await writeFile(path, "");
  }
  const { slides } = await findSlides(paths);
  assert.deepEqual(
    slides.map(({ name }) => name),
    ["s.svs", "s.svs-2", "s.svs-2-2", "s.svs-3"],
  );
});

test("validation slides choose the aggregation that tells them apart, and its threshold", async () => {
  const slide = (label: 0 | 1, meanProbability: number, top: number, validation: boolean) => {
    const topK = { k: 10, meanProbability: top };
    return {
      summary: { meanProbability, positiveShare: 0.5, topK, maxProbability: 0.5 } as SlideSummary,
      label,
      validation,
    };
  };
  // A small tumour: the mean says nothing, the strongest tiles say all.
  const slides = [
    slide(0, 0.3, 0.2, true),
    slide(1, 0.2, 0.8, true),
    slide(0, 0.1, 0.3, true),
    slide(1, 0.25, 0.9, true),
    slide(0, 0.3, 0.1, false),
    slide(1, 0.1, 0.7, false),
  ];
  const metrics = slideMetrics(slides);
  assert.equal(metrics.aggregation, "top-k");
  assert.ok(metrics.threshold > 0.3 && metrics.threshold < 0.8);
  assert.equal(metrics.test?.accuracy, 1);
  assert.equal(slideMetrics(slides.filter(({ validation }) => !validation)).chosenOnValidation, false);
});

test("labels that are numbers mean the classes of these names; 0 and 1 mean the positions of others", async (t) => {
  const path = join(await temporaryDirectory(t), "labels.csv");
  const labels = async (classes: readonly [string, string], ...written: string[]) => {
    await writeFile(path, ["slide,label", ...written.map((label, i) => `${i}.svs,${label}`)].join("\n"));
    const { labelOf } = await readSlideLabels(path, classes);
    return written.map((_, i) => labelOf(`${i}.svs`)?.label);
  };
  assert.deepEqual(await labels(["HP", "SSA"], "HP", "ssa", "0", "1", "1.0"), [0, 1, 0, 1, 1]);
  assert.deepEqual(await labels(["1", "2"], "1", "2", "2.0"), [0, 1, 1]);
  assert.deepEqual(await labels(["1", "0"], "1", "0", "true"), [0, 1, 0]);
  await assert.rejects(labels(["1", "2"], "0"), /line 2: 0 is neither 1 nor 2/);
});

test("the second slide of a name has no label of the first, and letters may be written in two parts", async (t) => {
  const path = join(await temporaryDirectory(t), "labels.csv");
  await writeFile(path, "slide,label\na,HP\nK\u00f6ln.v2,SSA\nb.svs-2,SSA\n");
  const { labelOf } = await readSlideLabels(path, ["HP", "SSA"]);
  assert.deepEqual(
    ["a.svs", "a", "a.svs-2", "Ko\u0308ln.v2.tif", "b.svs-2", "b.svs"].map((slide) => labelOf(slide)?.label),
    [0, 0, undefined, 1, 1, undefined],
  );
});

test("labels of slides that are not there are said; the others count", async (t) => {
  const directory = await temporaryDirectory(t);
  const slide = await writeSlide(join(directory, "a.ome.tif"), [picture(128, 96)]);
  const labels = join(directory, "labels.csv");
  await writeFile(labels, "slide,label\na,HP\nb.tif,SSA\na.ome.svs,SSA\n");
  const model = await writeModel(join(directory, "model"));
  const argv = ["slide", slide, "--model", model, "--out", join(directory, "out"), "--mpp", "0.5", "--labels", labels];
  const { status, stdout, stderr } = await histoHere(...argv, "--json");
  assert.equal(status, 0, stderr);
  assert.match(stderr, /labels\.csv: 2 labels of no slide here: "b\.tif", "a\.ome\.svs"\./);
  assert.equal((JSON.parse(stdout) as SlidesResult).metrics?.test?.n, 1);
});

test("slides of one patient count together in the interval", async (t) => {
  const path = join(await temporaryDirectory(t), "labels.csv");
  await writeFile(path, "slide,label,Patient ID\na,HP,p1\nb,SSA,\n");
  const { labelOf } = await readSlideLabels(path, ["HP", "SSA"]);
  assert.deepEqual([labelOf("a")?.patient, labelOf("b")?.patient], ["p1", undefined]);
  const slides = Array.from({ length: 40 }, (_, i) => ({
    summary: { meanProbability: ((i * 7) % 40) / 40 } as SlideSummary,
    label: Number(i % 3 === 0) as 0 | 1,
    validation: false,
    patient: `${Math.floor(i / 8)}`,
  }));
  const widthOf = (some: Parameters<typeof slideMetrics>[0]) => {
    const [low, high] = slideMetrics(some).test?.rocAucCi95 ?? [0, 0];
    return high - low;
  };
  const labels = slides.map(({ label }) => label);
  const scores = slides.map(({ summary }) => summary.meanProbability as number);
  const groups = rowGroups(slides.map(({ patient }) => patient));
  assert.deepEqual(slideMetrics(slides).test?.rocAucCi95, areaOf({ labels, groups }, scores).interval);
  assert.notEqual(widthOf(slides), widthOf(slides.map(({ patient, ...slide }) => slide)));
});

// A file of the system that opens and then fails to be read, as a damaged disk does.
const UNREADABLE = "/sys/class/net/lo/speed";

test("a slide whose disk fails is a row with a problem, and the others are predicted", {
  skip: !existsSync(UNREADABLE) && `${UNREADABLE} is missing`,
}, async (t) => {
  const directory = await temporaryDirectory(t);
  const slides = join(directory, "slides");
  await mkdir(slides);
  await symlink(UNREADABLE, join(slides, "a.tif"));
  await writeSlide(join(slides, "b.tif"), [picture(128, 96)]);
  const [model, out] = [await writeModel(join(directory, "model")), join(directory, "out")];
  const { status, stderr } = await histoHere(
    "slide",
    slides,
    "--model",
    model,
    "--out",
    out,
    "--mpp",
    "0.5",
    "--quiet",
  );
  assert.equal(status, 1, stderr);
  assert.match(stderr, /a\.tif cannot be read \(.*\); check its disk, or copy the file again\./);
  const [, good = "", lost = ""] = (await readFile(join(out, "slides.csv"), "utf8")).split("\n");
  assert.match(good, /^b\.tif,/);
  assert.match(lost, /^a\.tif,.*a\.tif cannot be read/);
});
