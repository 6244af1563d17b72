/** @module `tiles.geojson` as others read it: two Python packages for GeoJSON, and the rules of QuPath's importer. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "csv-parse/sync";
import { projectRoot } from "../../src/files/index";
import { predictSlide } from "../../src/slide/index";
import { pythonPath } from "../support/python";
import { pythonPackages } from "../support/python-packages";
import { writeModel } from "../support/served-model";
import { picture, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

interface Reading {
  readonly geojson: readonly string[];
  readonly pydantic: readonly string[];
  readonly qupath: readonly string[];
  readonly objects: readonly {
    readonly class: string;
    readonly bounds: readonly number[];
    readonly measurements: object;
  }[];
}

function readByPeers(paths: readonly string[]): Reading[] {
  const folder = pythonPackages("geojson", ["geojson==3.3.0", "geojson-pydantic==2.2.0"]);
  const program = join(projectRoot(), "tests", "support", "geojson_peers.py");
  const env = { ...process.env, PYTHONPATH: folder };
  const printed = execFileSync(pythonPath() ?? "python3", [program], { env, input: JSON.stringify(paths) });
  return JSON.parse(printed.toString("utf8")) as Reading[];
}

// biome-ignore lint/suspicious/noExplicitAny: a collection is spoiled key by key
type Spoil = (collection: any) => void;

/** What may be wrong with a collection, and who notices. */
const SPOILED: readonly (readonly [Spoil, ...(keyof Reading)[]])[] = [
  [({ features: [one] }) => one.geometry.coordinates[0].pop(), "geojson", "pydantic", "qupath"],
  [({ features: [one] }) => one.geometry.coordinates[0].reverse(), "geojson"],
  [({ features: [one] }) => delete one.properties, "pydantic", "qupath"],
  [(collection) => delete collection.type, "geojson", "pydantic", "qupath"],
  [({ features: [one, two] }) => (one.id = two.id), "qupath"],
  [({ features: [one] }) => (one.properties.classification.color = [1, 2, 3.5]), "qupath"],
  [({ features: [one] }) => (one.properties.measurements.Logit = "-0.5"), "qupath"],
  [({ features: [one] }) => (one.properties.objectType = "square"), "qupath"],
];

test("GeoJSON holds by its RFC's packages, and QuPath imports the tiles of the table", async (t) => {
  const directory = await temporaryDirectory(t);
  const slide = await writeSlide(join(directory, "slide.tif"), [picture(330, 230)]);
  const [model, out] = [await writeModel(join(directory, "model")), join(directory, "out")];
  // Neither the corners nor the sides of these tiles are whole pixels of the slide.
  await predictSlide(slide, { model, out, mpp: 0.83, overlap: 0.3, workers: 1 });
  const text = await readFile(join(out, "tiles.geojson"), "utf8");
  const files = SPOILED.map((_, i) => join(directory, `${i}.geojson`));
  for (const [i, [spoil]] of SPOILED.entries()) {
    const collection = JSON.parse(text);
    spoil(collection);
    await writeFile(files[i] as string, JSON.stringify(collection));
  }
  const [good, ...spoiled] = readByPeers([join(out, "tiles.geojson"), ...files]) as [Reading, ...Reading[]];
  assert.deepEqual([good.geojson, good.pydantic, good.qupath], [[], [], []]);
  const rows = parse(await readFile(join(out, "tiles.csv")), { columns: true }) as Record<string, string>[];
  assert.deepEqual(
    good.objects.map((object) => [object.class, object.bounds, object.measurements]),
    rows.map((row) => [
      row.predicted_class,
      [row.qupath_x, row.qupath_y, row.width, row.height].map(Number),
      { "Probability SSA": Number(row.probability), Logit: Number(row.logit), Tissue: Number(row.tissue) },
    ]),
  );
  for (const [i, [, ...readers]] of SPOILED.entries()) {
    for (const reader of readers)
      assert.notEqual(spoiled[i]?.[reader].length, 0, `${reader} accepts ${SPOILED[i]?.[0]}`);
  }
});
