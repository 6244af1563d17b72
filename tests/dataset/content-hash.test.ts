import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { datasetContentHash, loadDataset } from "../../src/dataset/index";
import { texturePng, writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

test("a data set has the same hash wherever it lies, and another one with one image or label changed", async (context) => {
  const folder = await temporaryDirectory(context);
  const first = await writeCsvSet(join(folder, "first"), 12);
  const hashOf = async (path: string) => datasetContentHash(await loadDataset(path));
  const hash = await hashOf(first);
  const copy = join(folder, "elsewhere", "copy");
  await cp(first, copy, { recursive: true });
  assert.equal(await hashOf(copy), hash);
  await writeFile(join(copy, "images", "3.png"), await texturePng(99, 16));
  const image = await hashOf(copy);
  await cp(first, copy, { recursive: true });
  assert.equal(await hashOf(copy), hash);
  const labels = await readFile(join(first, "labels.csv"), "utf8");
  await writeFile(join(copy, "labels.csv"), labels.replace("1.png,HP", "1.png,SSA"));
  const label = await hashOf(copy);
  assert.equal(new Set([hash, image, label]).size, 3);
});
