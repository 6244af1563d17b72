import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadDataset } from "../../src/dataset/index";
import { EXPERTS, planTiles, TilePainter, writeSyntheticDataset } from "../../src/dataset/synthetic/index";
import { sha256 } from "../../src/files/index";
import { decodePixels } from "../../src/image/index";
import { sharedDirectory } from "../support/temporary-directory";

const folder = sharedDirectory();

/** Relative names and hashes of all files of a data set. */
async function fingerprint(directory: string): Promise<string[]> {
  const names = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = names.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Promise.all(paths.map(async (path) => `${path.slice(directory.length)} ${sha256(await readFile(path))}`));
}

describe("planTiles", () => {
  it("has MHIST's proportions: 69 % train, 29 % SSA in train, 37 % in test", () => {
    const plan = planTiles(3152, 0);
    const count = (partition: string, label: string) =>
      plan.filter((tile) => tile.partition === partition && tile.label === label).length;
    assert.deepEqual(
      [count("train", "HP"), count("train", "SSA"), count("test", "HP"), count("test", "SSA")],
      [1545, 630, 617, 360],
    );
    assert.equal(new Set(plan.map(({ name }) => name)).size, 3152);
  });

  it("gives every label the majority of the seven votes, and typical tiles more agreement than hard ones", () => {
    const plan = planTiles(2000, 7);
    const agreement = { typical: [] as number[], hard: [] as number[] };
    for (const { label, votes, severity } of plan) {
      assert.ok(votes >= 0 && votes <= EXPERTS);
      assert.equal(label, votes >= 4 ? "SSA" : "HP");
      const distance = Math.abs(severity - 0.5);
      if (distance > 0.4) agreement.typical.push(Math.max(votes, EXPERTS - votes));
      if (distance < 0.1) agreement.hard.push(Math.max(votes, EXPERTS - votes));
    }
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    assert.ok(mean(agreement.typical) > 6.4 && mean(agreement.hard) < 5.3, JSON.stringify(agreement.hard.slice(0, 9)));
    assert.ok(new Set(plan.map(({ votes }) => votes)).size === 8);
  });
});

describe("TilePainter", () => {
  it("draws the same pixels for the same seed, in any order, and others for another seed", () => {
    const [a, b, c] = [new TilePainter(5, 64), new TilePainter(5, 64), new TilePainter(6, 64)];
    const first = a.paint({ index: 0, severity: 0.9 });
    b.paint({ index: 1, severity: 0.2 });
    assert.deepEqual(b.paint({ index: 0, severity: 0.9 }), first);
    assert.notDeepEqual(c.paint({ index: 0, severity: 0.9 }), first);
  });

  it("keeps its drawing: these are the pixels of seed 1, tile 0", () => {
    const pixels = new TilePainter(1, 32).paint({ index: 0, severity: 0.5 });
    assert.equal(sha256(pixels).slice(0, 16), "e05b1ac08753459c");
  });

  it("stains as haematoxylin and eosin do: more red and blue than green, on nearly white glass", () => {
    const painter = new TilePainter(3, 64);
    const sums = [0, 0, 0];
    let brightest = 0;
    for (let index = 0; index < 12; index++) {
      const pixels = painter.paint({ index, severity: index % 2 });
      for (let i = 0; i < pixels.length; i++) sums[i % 3] = sums[i % 3]! + pixels[i]!;
      for (let i = 0; i < pixels.length; i += 3) {
        brightest = Math.max(brightest, Math.min(pixels[i]!, pixels[i + 1]!, pixels[i + 2]!));
      }
    }
    assert.ok(Math.min(sums[0]!, sums[2]!) > 1.15 * sums[1]!, sums.join());
    assert.ok(brightest > 220);
  });

  it("shows the same tissue at any size", () => {
    const small = greens(new TilePainter(1, 64).paint({ index: 4, severity: 1 }), 64, 32);
    const large = greens(new TilePainter(1, 192).paint({ index: 4, severity: 1 }), 192, 32);
    const other = greens(new TilePainter(1, 192).paint({ index: 5, severity: 1 }), 192, 32);
    assert.ok(correlation(small, large) > 0.8, `${correlation(small, large)}`);
    assert.ok(correlation(small, other) < 0.5, `${correlation(small, other)}`);
  });
});

/** The green channel, averaged down to `edge * edge` values. */
function greens(pixels: Uint8Array, size: number, edge: number): number[] {
  const block = size / edge;
  const means = new Array<number>(edge * edge).fill(0);
  for (let i = 0; i < size * size; i++) {
    const at = Math.floor(Math.floor(i / size) / block) * edge + Math.floor((i % size) / block);
    means[at] = means[at]! + pixels[3 * i + 1]! / block ** 2;
  }
  return means;
}

/** Pearson's correlation. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const product = (u: readonly number[], mu: number, v: readonly number[], mv: number) =>
    mean(u.map((value, i) => (value - mu) * (v[i]! - mv)));
  return product(a, meanA, b, meanB) / Math.sqrt(product(a, meanA, a, meanA) * product(b, meanB, b, meanB));
}

describe("writeSyntheticDataset", () => {
  it("writes MHIST's layout, which the loader reads", async () => {
    const out = join(folder, "mhist");
    const summary = await writeSyntheticDataset({ out, images: 40, size: 48, seed: 2 });
    assert.deepEqual(summary.classes, { HP: { train: 20, test: 8 }, SSA: { train: 8, test: 4 } });
    const [header, ...rows] = (await readFile(join(out, "annotations.csv"), "utf8")).trimEnd().split("\n");
    assert.equal(header, "Image Name,Majority Vote Label,Number of Annotators who Selected SSA (Out of 7),Partition");
    assert.equal(rows.length, 40);
    for (const row of rows) assert.match(row, /^MHIST_[a-z]{3}\.png,(HP|SSA),[0-7],(train|test)$/);
    assert.equal((await readdir(join(out, "images"))).length, 40);

    const dataset = await loadDataset(out);
    assert.equal(dataset.layout, "mhist");
    assert.deepEqual(dataset.classes, ["HP", "SSA"]);
    assert.equal(dataset.tiles.length, 40);
    const { width, height } = await decodePixels(dataset.tiles[0]!.path);
    assert.deepEqual([width, height], [48, 48]);
  });

  it("writes the same bytes for the same seed", async () => {
    const options = { images: 24, size: 32, seed: 11 };
    await writeSyntheticDataset({ ...options, out: join(folder, "one") });
    await writeSyntheticDataset({ ...options, out: join(folder, "two") });
    await writeSyntheticDataset({ ...options, seed: 12, out: join(folder, "three") });
    const one = await fingerprint(join(folder, "one"));
    // 24 tiles, their table, and the word that they are drawn.
    assert.equal(one.length, 26);
    assert.deepEqual(await fingerprint(join(folder, "two")), one);
    assert.notDeepEqual(await fingerprint(join(folder, "three")), one);
  });

  it("leaves a directory with content alone", async () => {
    const out = join(folder, "mine");
    await writeSyntheticDataset({ out, images: 20, size: 16 });
    await writeFile(join(out, "notes.txt"), "keep");
    await assert.rejects(writeSyntheticDataset({ out, images: 20, size: 16 }), { code: "SYNTH_OUT_NOT_EMPTY" });
    assert.equal(await readFile(join(out, "notes.txt"), "utf8"), "keep");
  });

  it("leaves nothing behind when it is stopped", async () => {
    const out = join(folder, "stopped");
    await assert.rejects(writeSyntheticDataset({ out, images: 60, size: 64, signal: AbortSignal.abort() }), {
      code: "INTERRUPTED",
    });
    assert.ok(!(await readdir(folder)).some((name) => name.startsWith("stopped")));
  });
});
