/** A slide whose tiles look unlike the model's training tiles says so, from a sample of its tiles; one of the same kind does not. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import { onDemand } from "../../src/collections/index";
import { TilePainter } from "../../src/dataset/synthetic/index";
import { Interrupted } from "../../src/errors/index";
import { fitFamiliarity, lookOf, mostUnlikeByChance } from "../../src/familiar/index";
import type { RgbImage } from "../../src/image/index";
import { silentProgress } from "../../src/progress/index";
import { predictSlide, type SlideOptions, type SlideSummary, type SlidesResult } from "../../src/slide/index";
import { compareWithTraining, remarkOn, tilesToCompare } from "../../src/slide/unlike-training";
import { histoHere } from "../support/histo";
import { writeModel } from "../support/served-model";
import { picture, shrunk, writeSlide } from "../support/slide-files";
import { sharedDirectory } from "../support/temporary-directory";

const SIZE = 32;
/** Tiles of a slide: more than a block along each side. */
const [COLUMNS, ROWS] = [20, 17];
const painter = new TilePainter(3, SIZE);
const REMARK =
  /^(\d+) of (\d+) sampled tiles look unlike the tiles that the model was trained on \(by chance, at most \d+ do\); /;

/** Tiles like the training tiles, none of them twice. */
const paint = (index: number) => painter.paint({ index, severity: (index % 10) / 10 });

const training = Array.from({ length: 240 }, (_, index) => paint(index));
const familiarityOf = (tiles: readonly Uint8Array[], size: number) => {
  const looks = tiles.map((pixels) => lookOf(pixels, size));
  return fitFamiliarity(looks.slice(0, 160), looks.slice(160));
};

const directory = sharedDirectory();
const place = (name: string) => join(directory, name);
const ownPixels = slideOf((index) => paint(1000 + index));
const others = picture(ownPixels.width, ownPixels.height);
const write = (name: string, whole: RgbImage) => writeSlide(place(name), [whole, shrunk(whole, 2)]);
const own = onDemand(() => write("own.tif", ownPixels));
const other = onDemand(() => write("other.tif", others));
const model = onDemand(() => writeModel(place("model"), { size: SIZE, familiar: familiarityOf(training, SIZE) }));

/** Tiles side by side. */
function slideOf(tileAt: (index: number) => Uint8Array): RgbImage {
  const [width, height] = [COLUMNS * SIZE, ROWS * SIZE];
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < COLUMNS * ROWS; i++) {
    const tile = tileAt(i);
    const at = Math.floor(i / COLUMNS) * SIZE * width + (i % COLUMNS) * SIZE;
    for (let y = 0; y < SIZE; y++) data.set(tile.subarray(3 * y * SIZE, 3 * (y + 1) * SIZE), 3 * (at + y * width));
  }
  return { width, height, data };
}

async function run(path: string, out: string, options: Partial<SlideOptions> = {}) {
  return predictSlide(path, { model: await model(), out: place(out), mpp: 0.5, workers: 1, ...options });
}

test("a slide of tiles like the training tiles has no remark", async () => {
  const { unlikeTraining, remarks } = await run(await own(), "own");
  assert.ok(unlikeTraining);
  assert.equal(unlikeTraining.sampledTiles, 40);
  assert.ok(unlikeTraining.tiles <= unlikeTraining.mostByChance);
  assert.deepEqual(remarks, []);
});

test("other tissue, washed-out colours and another scale are remarked on", async () => {
  const pale = { ...ownPixels, data: ownPixels.data.map((value) => 200 + (value >> 3)) };
  const cases = {
    "other tissue": await run(await other(), "other"),
    "washed out": await run(await write("pale.tif", pale), "pale", { leastTissue: 0 }),
    "another scale": await run(await own(), "coarse", { mpp: 1.5 }),
  };
  for (const [name, { unlikeTraining, remarks }] of Object.entries(cases)) {
    assert.ok(unlikeTraining && unlikeTraining.share > 0.5, `${name}: ${JSON.stringify(unlikeTraining)}`);
    const [, tiles, sampled] = REMARK.exec(remarks.join()) ?? [];
    assert.deepEqual([Number(tiles), Number(sampled)], [unlikeTraining.tiles, unlikeTraining.sampledTiles], name);
  }
});

test("the tiles that are compared are shrunk as the training tiles were", async () => {
  const half = training.map((data) => shrunk({ width: SIZE, height: SIZE, data }, 2).data as Uint8Array);
  const familiar = familiarityOf(half, SIZE / 2);
  const small = await writeModel(place("small-model"), { size: SIZE / 2, tileEdge: SIZE, familiar });
  const { remarks, columns } = await run(await own(), "small", { model: small });
  assert.equal(columns, COLUMNS);
  assert.deepEqual(remarks, []);
});

test("a continued slide has the same comparison, one with other statistics of training tiles a new one", async () => {
  await run(await other(), "once");
  const stop = new AbortController();
  const task = { update: () => stop.abort(new Interrupted()), finish: () => undefined };
  const stopping = { progress: { ...silentProgress, start: () => task }, signal: stop.signal };
  await assert.rejects(run(await other(), "continued", stopping), { code: "INTERRUPTED" });
  const { resumedTiles } = await run(await other(), "continued", { resume: true, workers: 2 });
  assert.ok(resumedTiles > 0 && resumedTiles < COLUMNS * ROWS);
  const bytes = await readFile(place("continued/slide.json"), "utf8");
  assert.equal(bytes, await readFile(place("once/slide.json"), "utf8"));
  assert.match((JSON.parse(bytes) as SlideSummary).remarks.join(), REMARK);
  // The same weights, so that only these statistics differ.
  const again = await writeModel(place("again"), { size: SIZE, familiar: familiarityOf(training.slice(20), SIZE) });
  assert.equal((await run(await other(), "continued", { model: again, resume: true })).resumedTiles, 0);
});

test("the command names slides that look unlike the training tiles, and the table of several has their shares", async () => {
  const argv = async (...slides: string[]) => ["slide", ...slides, "--model", await model(), "--mpp", "0.5", "--quiet"];
  await run(await other(), "named");
  const single = await histoHere(...(await argv(await other())), "--out", place("named"), "--resume");
  assert.equal(single.status, 0);
  assert.match(single.stderr, /^histo: other\.tif: 40 of 40 sampled tiles look unlike .*\.\n$/);
  const paths: string[] = [];
  for (const [i, name] of ["a.tif", "b.tif", "c.tif", "d.tif"].entries()) {
    paths.push(await write(name, picture(3 * SIZE, 3 * SIZE, i)));
  }
  const several = await histoHere(...(await argv(...paths)), "--out", place("maps"), "--json");
  assert.equal(several.status, 0);
  const line = "4 of 4 slides have more tiles unlike the training tiles than chance explains; slides.csv says which.";
  assert.equal(several.stderr, `histo: ${line}\n`);
  const { slides } = JSON.parse(several.stdout) as SlidesResult;
  const rows = parse(await readFile(place("maps/slides.csv")), { columns: true }) as Record<string, string>[];
  for (const [i, row] of rows.entries()) {
    assert.equal(Number(row.unlike_training_share), slides[i]?.unlikeTraining?.share);
    assert.match(row.problem ?? "", REMARK);
  }
});

test("a model without statistics of its training tiles, or with too few, says nothing", () => {
  assert.equal(compareWithTraining([0.01, 0.01], undefined), null);
  assert.equal(
    compareWithTraining([0.1, 0.1], fitFamiliarity([lookOf(paint(1), SIZE)], [lookOf(paint(2), SIZE)])),
    null,
  );
  assert.equal(remarkOn(null), undefined);
});

test("of tiles like those for calibration, chance takes more than the most for unlike ones in one of a thousand slides", () => {
  const distances = (count: number) => ({
    ...fitFamiliarity([], []),
    distances: Array.from({ length: count }, (_, i) => i),
  });
  // Tails of scipy.stats.betabinom(n, alarms, calibrated + 1 - alarms).
  assert.equal(mostUnlikeByChance(distances(18), 100), undefined);
  for (const [calibrated, tiles, most] of [
    [19, 40, 15],
    [60, 40, 10],
    [180, 40, 8],
    [399, 200, 24],
    [399, 9, 3],
  ] as const) {
    assert.equal(mostUnlikeByChance(distances(calibrated), tiles), most, `${calibrated}, ${tiles}`);
  }
});

test("the sample spreads over the tissue and leaves out its edges, and every tile without tissue", () => {
  const tile = (i: number) => ({ column: i % 100, row: Math.floor(i / 100), x: 0, y: 0 });
  const grid = (tissueOf: (i: number) => number, count: number) => {
    const tiles = Array.from({ length: count }, (_, i) => ({ ...tile(i), tissue: tissueOf(i) }));
    const blocks = Array.from({ length: Math.ceil(count / 256) }, (_, k) => tiles.slice(256 * k, 256 * (k + 1)));
    return { columns: 100, rows: count / 100, extent: 32, step: 32, blocks, tissueTiles: count };
  };
  const chosen = (one: ReturnType<typeof grid>) =>
    tilesToCompare(one).flatMap((indices, block) => indices.map((i) => one.blocks[block]![i]!));
  const all = chosen(grid(() => 1, 90_000));
  assert.equal(all.length, 200);
  for (let part = 0; part < 10; part++) {
    assert.equal(all.filter(({ row }) => Math.floor(row / 90) === part).length, 20);
    assert.ok(all.filter(({ column }) => Math.floor(column / 10) === part).length >= 10, `columns ${part}0`);
  }
  const mixed = chosen(grid((i) => (i % 5 === 0 ? 0 : (i % 5) / 4), 20_000));
  assert.equal(mixed.length, 50);
  assert.ok(mixed.every(({ tissue }) => tissue >= 0.5));
  assert.equal(chosen(grid(() => 0, 1000)).length, 40, "where no tile has tissue, any");
  assert.equal(chosen(grid(() => 0.5, 7)).length, 7);
});
