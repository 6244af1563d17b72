import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { InputError } from "../../src/errors/index";
import { defaultTrainingOptions } from "../../src/options/index";
import { Random } from "../../src/random/index";
import { draw, parseSpace, presets, readSpace, runSearch, sizeOfSpace } from "../../src/search/index";
import { temporaryDirectory } from "../support/temporary-directory";

test("a YAML file becomes a space of fixed and searched options", async (context) => {
  const file = join(await temporaryDirectory(context), "wide.yaml");
  await writeFile(
    file,
    `
stem: subspace
rank: 32
hidden: { choice: [[64], [128, 32]] }
batch: { integer: [16, 64], step: 16 }
dropout: { uniform: [0, 0.5] }
lr: { logUniform: [1e-4, 1e-2] }
`,
  );
  const { name, space } = await readSpace(file);
  assert.equal(name, "wide");
  assert.deepEqual(space.fixed, { stem: "subspace", rank: 32 });
  assert.deepEqual(space.searched.batch, { integer: [16, 64], step: 16 });
  assert.equal(sizeOfSpace(space), Number.POSITIVE_INFINITY);
});

test("what is drawn lies in its range, and a logarithmic range is even on the logarithm", () => {
  const { searched } = parseSpace({ lr: { logUniform: [1e-4, 1] }, warmup: { uniform: [1, 3] } });
  const rates = Array.from({ length: 2000 }, (_, i) => draw(searched.lr as never, new Random(0, i)) as number);
  assert.ok(rates.every((rate) => rate >= 1e-4 && rate <= 1));
  const below = rates.filter((rate) => rate < 1e-2).length / rates.length;
  assert.ok(Math.abs(below - 0.5) < 0.05, String(below));
  assert.ok((draw(searched.warmup as never, new Random(1)) as number) >= 1);
});

test("every preset is a valid space, and mlp contains the reference network", async () => {
  for (const name of Object.keys(presets)) await readSpace(name);
  const { space } = await readSpace("mlp");
  assert.equal(space.fixed.stem, "subspace");
  assert.ok(JSON.stringify(space.searched.hidden).includes("[2352,2352,294]"));
});

test("a mistake is named with its key", async () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [[1], /mapping/],
    [{ hiden: 3 }, /space: hiden: unknown training option/],
    [{ constructor: 3 }, /space: constructor: unknown training option/],
    [{ data: "x" }, /space: data/],
    [{ lr: { logUniform: [0, 1] } }, /space: lr: logUniform must begin above 0/],
    [{ lr: { uniform: [2, 1] } }, /space: lr: uniform must be \[low, high\]/],
    [{ lr: { between: [1, 2] } }, /space: lr: it must have one of choice/],
    [{ batch: { integer: [1.5, 3] } }, /space: batch: integer/],
    [{ views: { integer: [1, 8] } }, /space: views: .*must be 1 or 8, not 2/],
    [{ batch: { uniform: [8, 64] } }, /space: batch: .*whole number/],
    [{ dropout: { choice: [0, 2] } }, /space: dropout: .*0\.99/],
    [{ schedule: { choice: ["cosine", "cosin"] } }, /space: schedule: .*cosin is not one of constant/],
    [{ thresholdRule: "sensitivity" }, /space: thresholdRule: .*"sensitivity" is none of f1/],
    [{ dropout: { uniform: [0, 0.5], step: 2 } }, /space: dropout: step does not belong/],
    [{ hidden: { choice: [[64], ["a"]] } }, /space: hidden: .*whole numbers/],
    [{ activation: { choice: ["relu", "relux"] } }, /space: activation: .*relux/],
    [{ model: "mpl" }, /space: model: .*mpl/],
    [{ epochs: { choice: [] } }, /space: epochs: choice is empty/],
  ];
  for (const [value, message] of wrong) {
    assert.throws(
      () => parseSpace(value),
      (error) => error instanceof InputError && message.test(error.message),
      JSON.stringify(value),
    );
  }
  for (const name of ["mpl", "constructor"]) {
    await assert.rejects(readSpace(name), /neither a file nor a preset; presets: mlp/);
  }
});

test("halving that no trial is long enough for is refused before anything is written", async (context) => {
  const run = join(await temporaryDirectory(context), "search");
  const search = (space: object, minimumEpochs: number) =>
    runSearch({ data: "nowhere", space: parseSpace(space), run, halving: { minimumEpochs, reduction: 3 } });
  for (const [space, epochs] of [
    [{ epochs: 4 }, 4],
    [{ epochs: { choice: [5, 2] } }, 5],
    [{ epochs: { integer: [2, 7], step: 2 } }, 6],
    [{}, defaultTrainingOptions.epochs],
  ] as const) {
    await assert.rejects(search(space, epochs), { code: "OPTION_UNUSED", message: new RegExp(`more than ${epochs};`) });
    await assert.rejects(search(space, epochs - 1), { code: "DATA_FOLDER_MISSING" });
  }
  assert.ok(!existsSync(run));
});
