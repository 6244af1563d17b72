import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parse } from "csv-parse/sync";
import { command } from "../../src/cli/predict";
import { Interrupted } from "../../src/errors/index";
import { projectRoot } from "../../src/files/index";
import { encodePng } from "../../src/image/with-sharp";
import { Predictor } from "../../src/inference/index";
import { tf } from "../../src/tensorflow/index";
import { histo, histoHere } from "../support/histo";
import { randomizeWeights, randomPixels, temporaryDirectory, writeRun } from "../support/trained-run";

const SIZE = 16;

/** An exported model and a folder of images, one of them in a folder of its own and one no image at all. */
async function workspace(t: TestContext) {
  const directory = await temporaryDirectory(t);
  const { layers } = tf;
  const model = tf.sequential({
    layers: [layers.flatten({ inputShape: [SIZE, SIZE, 3] }), layers.dense({ units: 1 })],
  });
  await writeRun(join(directory, "run"), randomizeWeights(model));
  const images = join(directory, "images");
  await mkdir(join(images, "more, please"), { recursive: true });
  for (const [i, name] of ["b.png", "a.PNG", "more, please/c.png"].entries()) {
    await writeFile(join(images, name), await encodePng(randomPixels(1, SIZE, i), SIZE, SIZE));
  }
  await writeFile(join(images, "notes.txt"), "not an image, and not named like one");
  const exported = await histoHere(
    "export",
    "--run",
    join(directory, "run"),
    "--out",
    join(directory, "model"),
    "--no-track",
    "--json",
  );
  assert.equal(exported.status, 0, exported.stderr);
  assert.equal(JSON.parse(exported.stdout).variant, "fp32");
  return { directory, images, model: join(directory, "model") };
}

test("predict writes a CSV row for every image of a folder, and the predictor's own logits", async (t) => {
  const { directory, images, model } = await workspace(t);
  const out = join(directory, "predictions.csv");
  const { status, stderr } = histo("predict", "--model", model, "--images", images, "--out", out);
  assert.equal(status, 0, stderr);
  const rows = parse(await readFile(out), { columns: true }) as Record<string, string>[];
  assert.deepEqual(Object.keys(rows[0]!), [
    "filename",
    "logit",
    "probability",
    "predicted_class",
    "threshold",
    "in_distribution",
    "warnings",
    "trained_on_drawn_tiles",
  ]);
  assert.deepEqual(
    rows.map((row) => row.filename),
    ["a.PNG", "b.png", "more, please/c.png"],
  );
  const predictor = await Predictor.open(model);
  t.after(() => predictor.close());
  const { logit, predictedClass } = await predictor.predict(await readFile(join(images, "b.png")));
  assert.ok(Math.abs(Number(rows[1]!.logit) - logit) < 1e-5);
  assert.equal(rows[1]!.predicted_class, predictedClass);
});

test("a table on a redirected standard output is the table alone, behind what the file had", async (t) => {
  const { directory, images, model } = await workspace(t);
  const path = join(directory, "redirected.csv");
  await writeFile(path, "before\n");
  const file = openSync(path, "a");
  const program = join(projectRoot(), "bin", "histo.cjs");
  const options = ["--model", model, "--images", images, "--out", "/dev/stdout", "--quiet"];
  const { status, stderr } = spawnSync(process.execPath, [program, "predict", ...options], {
    stdio: ["ignore", file, "pipe"],
    encoding: "utf8",
  });
  closeSync(file);
  assert.equal(status, 0, stderr);
  const { stdout } = histo("predict", "--model", model, "--images", images, "--quiet");
  assert.equal(await readFile(path, "utf8"), `before\n${stdout}`);
});

test("predict follows linked folders, leaves hidden files out, and names images of formats that are not read", async (t) => {
  const { directory, images, model } = await workspace(t);
  await symlink(images, join(directory, "linked"));
  const asked = join(directory, "asked");
  await mkdir(asked);
  await symlink(join(directory, "linked"), join(asked, "there"));
  await writeFile(join(asked, "._a.png"), "what macOS writes beside a file");
  await writeFile(join(asked, "old.bmp"), "BM");
  const { status, stdout, stderr } = await histoHere("predict", "--model", model, "--images", asked, "--json");
  assert.equal(status, 1);
  assert.match(stderr, /old\.bmp is of a format that is not read; convert it/);
  const { predictions, failed } = JSON.parse(stdout) as Record<string, { filename: string; code?: string }[]>;
  const names = predictions?.map(({ filename }) => filename);
  assert.deepEqual(names, ["there/a.PNG", "there/b.png", "there/more, please/c.png"]);
  assert.deepEqual(
    failed?.map(({ code }) => code),
    ["IMAGE_UNSUPPORTED"],
  );
});

test("a file that is named twice, or beside its folder, has one row", async (t) => {
  const { images, model } = await workspace(t);
  const twice = [join(images, "b.png"), `${images}/./b.png`, images];
  const { status, stdout, stderr } = await histoHere("predict", "--model", model, "--images", ...twice, "--json");
  assert.equal(status, 0, stderr);
  const { predictions } = JSON.parse(stdout) as { predictions: { filename: string }[] };
  assert.deepEqual(
    predictions.map(({ filename }) => filename),
    ["b.png", "a.PNG", "more, please/c.png"],
  );
});

test("predict names unreadable images, still predicts the others, and exits with 1", async (t) => {
  const { images, model } = await workspace(t);
  await writeFile(join(images, "broken.png"), "these are not pixels");
  const { status, stdout, stderr } = await histoHere(
    "predict",
    "--model",
    model,
    "--images",
    images,
    "--json",
    "--quiet",
  );
  assert.equal(status, 1);
  const result = JSON.parse(stdout);
  assert.equal(result.images, 4);
  assert.equal(result.predictions.length, 3);
  assert.deepEqual(
    result.failed.map((failure: { filename: string }) => failure.filename),
    ["broken.png"],
  );
  assert.match(stderr, /broken\.png/);
});

test("what is said of an image is one line, whatever its name is, and does not say the name twice", async (t) => {
  const { directory, model } = await workspace(t);
  const asked = join(directory, "asked");
  await mkdir(asked);
  const flat = Array.from({ length: SIZE * SIZE * 3 }, () => 200);
  await writeFile(join(asked, "blank\n\u001b[31mred.png"), await encodePng(Uint8Array.from(flat), SIZE, SIZE));
  for (const name of ["two\r\nlines.png", "old.bmp"]) await writeFile(join(asked, name), "torn");
  const { status, stderr } = await histoHere("predict", "--model", model, "--images", asked, "--quiet");
  assert.equal(status, 1);
  const lines = stderr.trimEnd().split("\n");
  assert.ok(lines.some((line) => line.startsWith("histo: blank [31mred.png has one brightness all over")));
  assert.ok(lines.includes("histo: two lines.png: the image is not a PNG, JPEG, WebP or TIFF image."));
  assert.ok(lines.some((line) => line.startsWith(`histo: ${join(asked, "old.bmp")} is of a format that is not read;`)));
  assert.deepEqual(
    lines.filter((line) => !line.startsWith("histo: ")),
    [],
  );
});

test("predict refuses what it cannot use with one line and exit 2", async (t) => {
  const { directory, images, model } = await workspace(t);
  const bitmaps = join(directory, "bitmaps");
  await mkdir(bitmaps);
  for (const name of ["a.bmp", "b.gif"]) await writeFile(join(bitmaps, name), "");
  const bad: [string[], RegExp][] = [
    [["--model", directory, "--images", images], /is a training run; its exported model is/],
    [["--model", model, "--images", join(directory, "nowhere")], /nowhere/],
    [["--model", model, "--images", join(directory, "run")], /--images/],
    [
      ["--model", model, "--images", join(images, "*.png")],
      /\*\.png does not exist; leave out the quotes around a pattern/,
    ],
    [["--model", model, "--images", "-"], /- does not exist; an image on standard input is \/dev\/stdin/],
    [["--model", model, "--images", bitmaps], /no PNG, .* in .*bitmaps; convert its 2 images of other formats/],
    [["--model", model, "--images", images, "--threads", "0"], /--threads/],
    [["--model", model], /--images/],
  ];
  for (const [args, message] of bad) {
    const { status, stdout, stderr } = await histoHere("predict", ...args);
    assert.equal(status, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, message);
    assert.equal(stderr.trim().split("\n").length, 1);
  }
});

test("where no image can be predicted, no table is left or replaced", async (t) => {
  const { directory, model } = await workspace(t);
  const bad = join(directory, "bad.png");
  await writeFile(bad, "not an image");
  const out = join(directory, "answers.csv");
  const predict = () => histoHere("predict", "--model", model, "--images", bad, "--out", out, "--quiet");
  const { status, stdout, stderr } = await predict();
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, /bad\.png.*\nhisto: No image was predicted; .*answers\.csv is not written\.\n$/s);
  await assert.rejects(readFile(out), { code: "ENOENT" });
  await writeFile(out, "before\n");
  await predict();
  assert.equal(await readFile(out, "utf8"), "before\n");
});

test("predict that is stopped keeps the answers so far beside an earlier table", async (t) => {
  const { directory, model } = await workspace(t);
  const images = join(directory, "many");
  await mkdir(images);
  const png = await encodePng(randomPixels(1, SIZE, 1), SIZE, SIZE);
  for (let i = 0; i < 40; i++) await writeFile(join(images, `${i}.png`), png);
  const out = join(directory, "answers.csv");
  await writeFile(out, "before\n");
  const controller = new AbortController();
  const { signal } = controller;
  const task = { update: () => controller.abort(new Interrupted()), finish: () => undefined };
  const said: string[] = [];
  const progress = { say: (line: string) => void said.push(line), start: () => task };
  const given = { model, images: [images], out, tile: false };
  const options = { ...given, threshold: undefined, threads: undefined, bitDepth: undefined };
  const result = await command.run(options, { args: [], flags: {}, progress, signal, json: true });
  assert.deepEqual(said, ["Stopped after 32 of 40 images."]);
  assert.equal(result.out, `${out}.part`);
  const rows = parse(await readFile(result.out, "utf8"));
  assert.equal(rows.length, 1 + 32);
  assert.equal(await readFile(out, "utf8"), "before\n");
});
