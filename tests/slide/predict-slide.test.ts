import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "csv-parse/sync";
import sharp from "sharp";
import { projectRoot } from "../../src/files/index";
import { encodePng } from "../../src/image/with-sharp";
import { Predictor } from "../../src/inference/index";
import { predictSlide, type SlideOptions, type SlideSummary } from "../../src/slide/index";
import { histoHere } from "../support/histo";
import { writeModel } from "../support/served-model";
import { cut, fill, picture, shrunk, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

const SIZE = 32;
const FILES = ["tiles.csv", "slide.json", "heatmap.png", "tiles.geojson"];

/** A slide of half a micrometre a pixel: tissue but for a pane of glass, a green stroke and a black one. */
async function workspace(t: TestContext, { width = 640, height = 480, hidden = [24, 8], drawn = false } = {}) {
  const directory = await temporaryDirectory(t);
  const whole = picture(width, height);
  fill(whole, [0, 0, 160, height], [244, 243, 245]);
  fill(whole, [320, 0, 96, 96], [20, 140, 60]);
  fill(whole, [416, 0, 64, 96], [15, 12, 14]);
  const path = join(directory, "slide.tif");
  await writeSlide(path, [whole, shrunk(whole, 2)], { deflate: true });
  const model = await writeModel(join(directory, "model"), { size: SIZE, hidden, drawn });
  const run = (options: Partial<SlideOptions> = {}, slide = path) =>
    predictSlide(slide, { model, out: join(directory, "out"), mpp: 0.5, workers: 1, ...options });
  const rows = async (out = join(directory, "out")) =>
    parse(await readFile(join(out, "tiles.csv")), { columns: true }) as Record<string, string>[];
  return { directory, whole, path, model, run, rows };
}

test("every tile with tissue gets the answer that the predictor gives for it as an image", async (t) => {
  const { whole, model, run, rows } = await workspace(t);
  const result = await run();
  const table = await rows();
  assert.equal(table.length, result.tissueTiles);
  assert.deepEqual([result.columns, result.rows, result.tiles], [20, 15, 300]);
  const predictor = await Predictor.open(model);
  t.after(() => predictor.close());
  for (const row of table.filter((_, i) => i % 29 === 0)) {
    const pixels = cut(whole, Number(row.x), Number(row.y), SIZE, SIZE);
    const { logit, predictedClass } = await predictor.predict(await encodePng(pixels, SIZE, SIZE));
    assert.ok(Math.abs(Number(row.logit) - logit) < 1e-4);
    assert.equal(row.predicted_class, predictedClass);
  }
  const positive = table.filter((row) => row.predicted_class === "SSA").length;
  assert.equal(result.positiveShare, positive / table.length);
  assert.equal(result.unlikeTraining, null, "the model has no statistics of its training tiles");
});

test("each tile says whether the model learned from drawn tiles", async (t) => {
  for (const drawn of [true, false]) {
    const { run, rows } = await workspace(t, { width: 480, height: 96, drawn });
    const { model } = await run();
    assert.equal(model.trainedOnDrawnTiles, drawn);
    assert.deepEqual([...new Set((await rows()).map((row) => row.trained_on_drawn_tiles))], [String(drawn)]);
  }
});

test("a model of 12-bit images reads slides and pictures of 12 bits as such", async (t) => {
  const { directory, whole, run, rows, model } = await workspace(t, { width: 320, height: 160 });
  await run({ out: join(directory, "eight") });
  const answers = (await rows(join(directory, "eight"))).map(({ logit }) => logit);
  assert.ok(new Set(answers).size > 5);
  const card = JSON.parse(await readFile(join(model, "model.json"), "utf8"));
  const twelve = { ...card, preprocessing: { ...card.preprocessing, bitDepth: 12 } };
  await writeFile(join(model, "model.json"), JSON.stringify(twelve));
  const slide = await writeSlide(join(directory, "twelve.tif"), [whole, shrunk(whole, 2)], { bits: 12 });
  const raw = { width: whole.width, height: whole.height, channels: 3 } as const;
  const values = Uint16Array.from(whole.data, (value) => 16 * value + 9);
  const image = join(directory, "twelve.png");
  await sharp(values, { raw }).toColourspace("rgb16").png().toFile(image);
  await assert.rejects(run({ bitDepth: 16, out: join(directory, "dark") }, slide), {
    code: "SLIDE_NO_TISSUE",
    message: /--bit-depth 12\.$/,
  });
  for (const path of [slide, image]) {
    const out = `${path}.out`;
    await predictSlide(path, { model, out, mpp: 0.5, slideMpp: 0.5, workers: 1 });
    const own = (await rows(out)).map(({ logit }) => logit);
    assert.deepEqual(own, answers, path);
  }
});

test("glass and ink are left out, tissue beside them is not", async (t) => {
  const { run, rows } = await workspace(t);
  const result = await run();
  const places = new Set((await rows()).map(({ column, row }) => `${column},${row}`));
  const shown = (column: number, row: number) => places.has(`${column},${row}`);
  assert.ok(!shown(0, 0) && !shown(4, 9), "glass");
  assert.ok(!shown(10, 1) && !shown(12, 2), "green ink");
  assert.ok(!shown(13, 0) && !shown(14, 1), "black ink");
  assert.ok(shown(5, 0) && shown(9, 0) && shown(15, 2) && shown(10, 4) && shown(19, 14), "tissue");
  const everything = await run({ leastTissue: 0 });
  assert.equal(everything.tissueTiles, 300);
  assert.ok(result.tissueTiles < 230);
});

test("another scale is read from the level below it and shrunk as images are for training", async (t) => {
  const { directory, whole, model, run, rows } = await workspace(t);
  const predictor = await Predictor.open(model);
  t.after(() => predictor.close());
  const cases = [
    { mpp: 1, level: shrunk(whole, 2), factor: 2, side: SIZE },
    { mpp: 0.75, level: whole, factor: 1, side: 48 },
    { mpp: 1.5, level: shrunk(whole, 2), factor: 2, side: 48 },
  ];
  for (const { mpp, level, factor, side } of cases) {
    const out = join(directory, `out-${mpp}`);
    const { tile } = await run({ mpp, out });
    assert.equal(tile.level, factor - 1);
    const row = (await rows(out))[7]!;
    const pixels = cut(level, Number(row.x) / factor, Number(row.y) / factor, side, side);
    const { logit } = await predictor.predict(await encodePng(pixels, side, side));
    assert.ok(Math.abs(Number(row.logit) - logit) < 1e-4, `${mpp}`);
  }
});

test("results of another slide are not replaced", async (t) => {
  const { directory, model, run } = await workspace(t, { width: 480, height: 96 });
  await run();
  const other = await writeSlide(join(directory, "other.tif"), [picture(128, 96)]);
  for (const more of [[], ["--resume"]]) {
    const argv = ["--model", model, "--mpp", "0.5", "--out", join(directory, "out"), "--quiet", ...more];
    const { status, stderr } = await histoHere("slide", other, ...argv);
    assert.equal(status, 2);
    assert.match(stderr, /out has the results of another slide \(slide\.tif\); name another folder/);
  }
  await run();
});

test("finished results of which a file is missing are written again", async (t) => {
  const { directory, run } = await workspace(t, { width: 480, height: 96 });
  await run();
  const path = join(directory, "out", "tiles.geojson");
  const before = await readFile(path);
  await rm(path);
  await run({ resume: true });
  assert.deepEqual(await readFile(path), before);
});

test("tiles that overlap are closer to each other", async (t) => {
  const { run, rows } = await workspace(t);
  await run({ overlap: 0.5 });
  const table = await rows();
  assert.ok(table.every(({ x, column }) => Number(x) === (Number(column) * SIZE) / 2));
  assert.ok(new Set(table.map(({ column }) => column)).size > 20);
});

test("the GeoJSON has a closed square, a class and measurements for each tile", async (t) => {
  const { directory, run, rows } = await workspace(t);
  await run();
  const table = await rows();
  const { type, features } = JSON.parse(await readFile(join(directory, "out", "tiles.geojson"), "utf8"));
  assert.equal(type, "FeatureCollection");
  assert.equal(features.length, table.length);
  assert.equal(new Set(features.map(({ id }: { id: string }) => id)).size, table.length);
  for (const [i, feature] of features.entries()) {
    const row = table[i]!;
    const [x, y] = [Number(row.x), Number(row.y)];
    assert.match(feature.id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const corners = [[x, y], [x + SIZE, y], [x + SIZE, y + SIZE], [x, y + SIZE], [x, y]]; // biome-ignore format: corners
    assert.deepEqual(feature.geometry, { type: "Polygon", coordinates: [corners] });
    const { objectType, classification, measurements } = feature.properties;
    assert.equal(objectType, "tile");
    assert.equal(classification.name, row.predicted_class);
    assert.equal(classification.color.length, 3);
    assert.equal(measurements["Probability SSA"], Number(row.probability));
    assert.ok(Object.values(measurements).every((value) => typeof value === "number"));
  }
});

test("the heat map is a picture of the slide's shape with a scale beside it", async (t) => {
  const { directory, run } = await workspace(t);
  await run();
  const { width = 0, height = 0, format } = await sharp(join(directory, "out", "heatmap.png")).metadata();
  assert.equal(format, "png");
  assert.ok(width > 320 + 100 && height > 240);
});

test("two workers give the same bytes as one", async (t) => {
  const { directory, run } = await workspace(t, { width: 1200, height: 700 });
  await run({ out: join(directory, "one"), workers: 1 });
  await run({ out: join(directory, "two"), workers: 2 });
  for (const file of FILES) {
    assert.deepEqual(await readFile(join(directory, "two", file)), await readFile(join(directory, "one", file)), file);
  }
});

/** Starts `histo slide` and stops it by a signal when some blocks are done. */
async function stopped(argv: readonly string[], journal: string, signal: NodeJS.Signals): Promise<number | null> {
  const child = spawn(process.execPath, [join(projectRoot(), "bin", "histo.cjs"), "slide", ...argv], {
    stdio: "ignore",
  });
  const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
  const blocks = () => (existsSync(journal) ? readFileSync(journal, "utf8").split("\n").length - 2 : 0);
  while (child.exitCode === null && blocks() < 1) await sleep(5);
  child.kill(signal);
  return ended;
}

for (const [signal, status] of [
  ["SIGKILL", null],
  ["SIGINT", 130],
] as const) {
  // biome-ignore format: pairs
  test(`what was done before ${signal} is kept, and going on gives the same bytes`, async (t) => {
    const work = await workspace(t, { width: 1600, height: 1100, hidden: [1024, 64] });
    const { directory, path, model } = work;
    await work.run({ out: join(directory, "once") });
    const out = join(directory, "out");
    const argv = [path, "--model", model, "--out", out, "--mpp", "0.5", "--workers", "1"];
    assert.equal(await stopped(argv, join(out, "answers.jsonl"), signal), status);
    assert.ok(existsSync(join(out, "answers.jsonl")) && !existsSync(join(out, "slide.json")));

    const careless = await histoHere("slide", ...argv);
    assert.equal(careless.status, 2);
    assert.match(careless.stderr, /--resume/);
    const other = await histoHere("slide", ...argv, "--mpp", "0.6", "--resume");
    assert.equal(other.status, 2);
    assert.match(other.stderr, /other work/);

    // A line that was being written when the power went.
    await writeFile(join(out, "answers.jsonl"), '{"block":5,"logi', { flag: "a" });
    const resumed = await histoHere("slide", ...argv, "--resume", "--json");
    assert.equal(resumed.status, 0, resumed.stderr);
    for (const file of FILES) {
      assert.deepEqual(await readFile(join(out, file)), await readFile(join(directory, "once", file)), file);
    }
    assert.ok(!existsSync(join(out, "answers.jsonl")));
  });
}

test("tiles on damaged parts have no answer, are counted, and spoil no other", async (t) => {
  const { directory, path, model, run, rows } = await workspace(t);
  const before = await run({ leastTissue: 0 });
  const bytes = await readFile(path);
  bytes.fill(0xaa, 20, 36);
  await writeFile(path, bytes);
  const result = await run({ leastTissue: 0, out: join(directory, "damaged") });
  // The damaged part of the file is 64 pixels wide: four tiles.
  assert.equal(result.failedTiles, 4);
  assert.equal(result.tissueTiles, before.tissueTiles);
  const table = await rows(join(directory, "damaged"));
  assert.deepEqual(
    table.filter(({ logit }) => logit === "").map(({ column, row }) => [column, row].join()),
    ["0,0", "1,0", "0,1", "1,1"],
  );
  assert.ok(result.remarks.length > 0);
  const out = join(directory, "again");
  const { status, stdout, stderr } = await histoHere(
    "slide",
    path,
    "--model",
    model,
    "--out",
    out,
    "--mpp",
    "0.5",
    "--tissue",
    "0",
    "--quiet",
  );
  assert.equal(status, 1);
  assert.match(stderr, /slide\.tif: 4 of 300 tiles cannot be read/);
  assert.match(stdout, /: \d+\.\d % of them \(95 % interval \d+\.\d % to \d+\.\d %\)$/m);
});

test("a slide without tissue or scale is refused with one line that says what to do", async (t) => {
  const { directory, model, path } = await workspace(t);
  const glass = picture(400, 300);
  fill(glass, [0, 0, 400, 300], [240, 241, 240]);
  const blank = await writeSlide(join(directory, "blank.tif"), [glass]);
  const bare = await writeSlide(join(directory, "bare.tif"), [picture(400, 300)], { density: 1 });
  const out = join(directory, "out");
  await mkdir(out);
  const bad: [string[], RegExp][] = [
    [[blank, "--model", model, "--out", out, "--mpp", "0.5"], /no tissue.*--tissue 0/],
    [[bare, "--model", model, "--out", out, "--mpp", "0.5"], /--slide-mpp/],
    [
      [path, "--model", model, "--out", out, "--mpp", "90"],
      /no tile has a share of tissue of 0\.1, at most 0\.0\d+; lower --tissue, or check the scales/,
    ],
    [[blank, "--model", model, "--out", out], /--mpp/],
    [[out, "--model", model, "--out", out], /folder without slides/],
    [[blank, "--out", out], /--model/],
    [[blank, "--model", model], /--out/],
    [[path, "--model", model, "--out", bare, "--mpp", "0.5"], /--out: .*bare\.tif cannot be written/],
    [
      [path, blank, "--model", model, "--out", bare, "--mpp", "0.5"],
      /--out: .*bare\.tif\/slide\.tif cannot be written/,
    ],
    [[join(directory, "none.svs"), "--info"], /none\.svs does not exist/],
    [[blank, bare, "--info"], /--info shows one file/],
    [
      [path, "--model", model, "--out", out, "--mpp", "90", "--slide-mpp", "0.05"],
      /a tile of the model has 28800 x 28800 pixels of the level it is read from, at most 8192/,
    ],
  ];
  for (const [args, message] of bad) {
    const { status, stdout, stderr } = await histoHere("slide", ...args, "--quiet");
    assert.equal(status, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, message);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
  }
  // Nothing is left of a refused slide, nor the folders above that were made for it.
  const place = join(directory, "new", "place");
  await histoHere("slide", bare, "--model", model, "--out", place, "--mpp", "0.5", "--quiet");
  assert.equal(existsSync(join(directory, "new")), false);
  await histoHere("slide", bare, blank, "--model", model, "--out", place, "--mpp", "0.5", "--quiet");
  assert.deepEqual(await readdir(place), ["slides.csv"]);
  const enlarged = await histoHere(
    "slide",
    bare,
    "--model",
    model,
    "--out",
    out,
    "--mpp",
    "0.5",
    "--slide-mpp",
    "0.5",
    "--json",
  );
  assert.equal(enlarged.status, 0, enlarged.stderr);
  const { tissueTiles } = JSON.parse(enlarged.stdout) as SlideSummary;
  assert.ok(tissueTiles > 0);
});

test("a slide without tissue is said to have none, however many tiles it has", async (t) => {
  const { directory, model } = await workspace(t);
  const glass = picture(480, 480);
  fill(glass, [0, 0, 480, 480], [240, 241, 240]);
  const slide = await writeSlide(join(directory, "blank.tif"), [glass]);
  // A tile for each pixel: as many as on a large slide.
  const options = { model, out: join(directory, "out"), mpp: 0.5, overlap: 0.98 };
  await assert.rejects(predictSlide(slide, options), { code: "SLIDE_NO_TISSUE" });
});
