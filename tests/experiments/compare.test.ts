import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { writeSyntheticDataset } from "../../src/dataset/index";
import { compareTechniques, proportionalHidden } from "../../src/experiments/index";
import { readJson } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

test("the reference network's proportions hold at any size", () => {
  assert.deepEqual(proportionalHidden(224), [2352, 2352, 294]);
  assert.deepEqual(proportionalHidden(96), [432, 432, 54]);
});

test("unknown techniques are named", async () => {
  await assert.rejects(compareTechniques({ data: "nowhere", out: "nowhere", models: ["mlp", "forest"], size: 32 }), {
    code: "TECHNIQUE_UNKNOWN",
    message: /forest is not among colour, mlp/,
  });
});

test("techniques are trained, exported and measured; finished ones are kept", async (context) => {
  const directory = await temporaryDirectory(context);
  const data = join(directory, "data");
  await writeSyntheticDataset({ out: data, images: 60, size: 32 });
  const options = { data, out: join(directory, "out"), size: 32, epochs: 1 };
  const first = await compareTechniques({ ...options, models: ["colour"] });
  assert.deepEqual(
    first.rows.map(({ name }) => name),
    ["colour"],
  );
  const { rows } = await compareTechniques({ ...options, models: ["cnn", "colour"] });
  assert.deepEqual(
    rows.map(({ name }) => name),
    ["colour", "cnn", "ensemble"],
  );
  const [colour, cnn, ensemble] = rows as [(typeof rows)[0], (typeof rows)[0], (typeof rows)[0]];
  assert.deepEqual(colour, first.rows[0], "kept as it was");
  assert.equal(cnn.test.n, 19);
  assert.equal(ensemble.parameters, colour.parameters + cnn.parameters);
  assert.ok(Math.abs(ensemble.latencyMs - colour.latencyMs - cnn.latencyMs) < 1e-9);
  for (const row of rows) {
    assert.ok(row.parameters > 0 && row.diskBytes > 1000 && row.trainingMemoryBytes > 1e7 && row.latencyMs > 0);
    assert.ok(row.test.rocAuc >= 0 && row.test.rocAuc <= 1);
  }
  assert.deepEqual(await readJson(join(options.out, "comparison.json")), { data, size: 32, seed: 0, rows });
});
