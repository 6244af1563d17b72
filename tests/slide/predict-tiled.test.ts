import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "csv-parse/sync";
import sharp from "sharp";
import { makeScratchFolder, projectRoot } from "../../src/files/index";
import { encodePng } from "../../src/image/with-sharp";
import { Predictor } from "../../src/inference/index";
import { isForTiles, predictSlide, predictTiled } from "../../src/slide/index";
import { histoHere } from "../support/histo";
import { tile, writeModel } from "../support/served-model";
import { cut, picture } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

test("predict --tile answers for a large picture with the mean of its tiles, and as before for small ones", async (t) => {
  const directory = await temporaryDirectory(t);
  const images = join(directory, "images");
  await mkdir(images);
  const [width, height, size] = [128, 96, 32];
  const large = picture(width, height);
  await writeFile(join(images, "large.png"), await encodePng(large.data, width, height));
  await writeFile(join(images, "small.png"), await tile(1, size));
  const model = await writeModel(join(directory, "model"));
  const ask = (...options: string[]) =>
    histoHere("predict", "--model", model, "--images", images, "--json", ...options);
  const whole = await ask();
  assert.match(whole.stderr, /--tile/);
  const { status, stdout, stderr } = await ask("--tile");
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /shrunk/);
  const [tiled, small] = JSON.parse(stdout).predictions;
  const predictor = await Predictor.open(model);
  t.after(() => predictor.close());
  const answers: number[] = [];
  for (let y = 0; y < height; y += size) {
    for (let x = 0; x < width; x += size) {
      answers.push((await predictor.predict(await encodePng(cut(large, x, y, size, size), size, size))).probability);
    }
  }
  const mean = answers.reduce((sum, value) => sum + value, 0) / answers.length;
  assert.ok(Math.abs(tiled.probability - mean) < 1e-5);
  assert.ok(Math.abs(Math.log(mean / (1 - mean)) - tiled.logit) < 1e-4);
  assert.deepEqual([tiled.tiles.total, tiled.tiles.predicted, tiled.tiles.strongest.length], [12, 12, 10]);
  assert.deepEqual(small, JSON.parse(whole.stdout).predictions[1]);
});

test("a picture that is larger than one tile may be is cut into a pyramid, with the same answer for its tiles", async (t) => {
  const directory = await temporaryDirectory(t);
  const side = 4128;
  const small = picture(side / 3, side / 3);
  const large = await sharp(small.data, { raw: { width: small.width, height: small.height, channels: 3 } })
    .extend({ right: side - small.width, bottom: side - small.height, background: "white" })
    .png({ compressionLevel: 1 })
    .toBuffer();
  await writeFile(join(directory, "large.png"), large);
  await writeFile(join(directory, "part.png"), await encodePng(small.data, small.width, small.height));
  const predictor = await Predictor.open(await writeModel(join(directory, "model")));
  t.after(() => predictor.close());
  assert.ok(await isForTiles(join(directory, "large.png"), predictor.card.preprocessing));
  const [whole, part] = [
    await predictTiled(join(directory, "large.png"), predictor),
    await predictTiled(join(directory, "part.png"), predictor),
  ];
  assert.deepEqual([whole.tiles.total, whole.tiles.predicted], [129 ** 2, 43 ** 2]);
  assert.deepEqual(whole.tiles, { ...part.tiles, total: whole.tiles.total });
  assert.ok(Math.abs(whole.logit - part.logit) < 1e-6);
});

test("slides and pictures are cut into tiles as large as the training images, whatever the model's input is", async (t) => {
  const directory = await temporaryDirectory(t);
  const images = join(directory, "images");
  await mkdir(images);
  const [width, height] = [256, 192];
  const large = picture(width, height);
  const path = join(images, "large.png");
  await writeFile(path, await encodePng(large.data, width, height));
  for (const edge of [64, 16]) {
    const model = await writeModel(join(directory, `model-${edge}`), { size: 32, tileEdge: edge });
    const predictor = await Predictor.open(model);
    t.after(() => predictor.close());
    const answerAt = async (x: number, y: number) =>
      predictor.predict(await encodePng(cut(large, x, y, edge, edge), edge, edge));

    const out = join(directory, `map-${edge}`);
    const { tile } = await predictSlide(path, { model, out, mpp: 0.5, slideMpp: 0.5, leastTissue: 0, workers: 1 });
    assert.deepEqual([tile.size, tile.extent, tile.mpp], [edge, edge, 0.5]);
    const rows = parse(await readFile(join(out, "tiles.csv")), { columns: true }) as Record<string, string>[];
    assert.equal(rows.length, (width / edge) * (height / edge));
    for (const { x, y, logit } of rows.filter((_, i) => i % 7 === 0)) {
      assert.ok(Math.abs(Number(logit) - (await answerAt(Number(x), Number(y))).logit) < 1e-4, `${edge}: ${x} ${y}`);
    }

    await writeFile(join(images, "tile.png"), await encodePng(cut(large, 0, 0, edge, edge), edge, edge));
    const { stdout } = await histoHere("predict", "--images", images, "--tile", "--model", model, "--quiet", "--json");
    const [tiled, small] = JSON.parse(stdout).predictions;
    assert.equal(tiled.tiles.total, rows.length);
    assert.deepEqual(small.warnings, [], "a tile like those of training is resized without a warning");
    assert.ok(Math.abs(small.logit - (await answerAt(0, 0)).logit) < 1e-4);
  }
});

test("a picture whose tiles are all certain has a finite logit", async (t) => {
  const directory = await temporaryDirectory(t);
  const predictor = await Predictor.open(await writeModel(join(directory, "model")));
  t.after(() => predictor.close());
  const large = picture(128, 96);
  await writeFile(join(directory, "large.png"), await encodePng(large.data, 128, 96));
  for (const logit of [50, -50]) {
    const { probability, ...tiled } = await predictTiled(join(directory, "large.png"), {
      card: predictor.card,
      assess: (pixels: Uint8Array) => predictor.assess(pixels),
      predictPixels: async (_: Uint8Array, count: number) => new Float32Array(count).fill(logit),
    });
    assert.ok(Math.abs(tiled.logit - logit) < 1e-9, `${tiled.logit}`);
    assert.equal(probability > 0.5, logit > 0);
  }
});

test("Ctrl-C stops the cutting of a large picture at once, and leaves nothing behind", async (t) => {
  const directory = await temporaryDirectory(t);
  const [images, scratch] = [join(directory, "images"), join(directory, "scratch")];
  for (const folder of [images, scratch]) await mkdir(folder);
  const side = 14_000;
  await sharp({ create: { width: side, height: side, channels: 3, background: "pink" } })
    .jpeg()
    .toFile(join(images, "large.jpg"));
  const model = await writeModel(join(directory, "model"));
  const argv = ["predict", "--model", model, "--images", images, "--tile", "--quiet"];
  const child = spawn(process.execPath, [join(projectRoot(), "bin", "histo.cjs"), ...argv], {
    env: { ...process.env, TMPDIR: scratch },
    stdio: "ignore",
  });
  const ended = once(child, "exit");
  const isCutting = () =>
    readdirSync(scratch, { recursive: true }).some((name) => `${name}`.endsWith("pyramid.tif.part"));
  while (child.exitCode === null && !isCutting()) await sleep(5);
  const started = performance.now();
  child.kill("SIGINT");
  assert.deepEqual(await ended, [130, null]);
  assert.ok(performance.now() - started < 2500, `${performance.now() - started}`);
  assert.deepEqual(readdirSync(scratch), []);
});

test("the tiles of a process that was killed are removed, those of a running one are not", async (t) => {
  const directory = await temporaryDirectory(t);
  process.env.TMPDIR = directory;
  const running = await makeScratchFolder("histo-tiles-");
  const left = join(directory, "histo-tiles-left");
  await mkdir(left);
  await writeFile(join(left, "pyramid.tif.part"), "tiles");
  const longAgo = new Date(Date.now() - 3600_000);
  for (const folder of [left, running.path]) await utimes(folder, longAgo, longAgo);
  const side = 4100;
  const png = sharp({ create: { width: side, height: side, channels: 3, background: "pink" } }).png();
  await png.toFile(join(directory, "large.png"));
  const predictor = await Predictor.open(await writeModel(join(directory, "model")));
  t.after(() => predictor.close());
  await predictTiled(join(directory, "large.png"), predictor);
  const folders = (await readdir(directory)).filter((name) => name.startsWith("histo-tiles-"));
  assert.deepEqual(folders, [basename(running.path)]);
  await running.remove();
});
