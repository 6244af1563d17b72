import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import { predictSlide } from "../../src/slide/index";
import { writeModel } from "../support/served-model";
import { picture, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

test("tiles whose side is no whole number of pixels share their edges", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await writeSlide(join(directory, "slide.tif"), [picture(640, 480)]);
  const [model, out] = [await writeModel(join(directory, "model")), join(directory, "out")];
  for (const overlap of [0, 0.5]) {
    const { tile } = await predictSlide(path, { model, out, mpp: 0.83, overlap, workers: 1 });
    assert.equal(tile.extent.toFixed(2), "53.12");
    const rows = parse(await readFile(join(out, "tiles.csv")), { columns: true }) as Record<string, string>[];
    const table = rows.map((row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, Number(v)])));
    const lefts = new Map(table.map(({ column, x }) => [column, x]));
    const tops = new Map(table.map(({ row, y }) => [row, y]));
    const apart = 1 / (1 - overlap);
    for (const { column = 0, row = 0, x = 0, y = 0, width = 0, height = 0 } of table) {
      if (lefts.has(column + apart)) assert.equal(x + width, lefts.get(column + apart));
      if (tops.has(row + apart)) assert.equal(y + height, tops.get(row + apart));
    }
    const { features } = JSON.parse(await readFile(join(out, "tiles.geojson"), "utf8"));
    for (const [i, { geometry }] of features.entries()) {
      const { x = 0, y = 0, width = 0, height = 0 } = table[i]!;
      const [topLeft, , bottomRight] = geometry.coordinates[0];
      assert.deepEqual([...topLeft, ...bottomRight], [x, y, x + width, y + height]);
    }
  }
});
