import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";

const tiles = { train: 30, validation: 10, test: 10 };
const model = (name: string, rocAuc: number, interval?: readonly [number, number], counts = tiles) => ({
  name,
  classes: ["HP", "SSA"],
  trained_on: { tiles: counts },
  metrics: { validation: { rocAuc, ...(interval && { rocAucCi95: interval }) } },
});

test("the page says which model validation prefers, with intervals, where models can be compared", async () => {
  const source = await readFile(join(projectRoot(), "serve", "web", "js", "preference.js"), "utf8");
  const { preferenceText } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  const [mlp, frozen] = [model("mlp", 0.827, [0.72, 0.921]), model("frozen", 0.972, [0.932, 0.9985])];
  assert.equal(
    preferenceText([mlp, frozen]),
    "Validation prefers frozen (AUC 0.972, 95 % 0.932 to 0.999) to mlp (AUC 0.827, 95 % 0.720 to 0.921).",
  );
  assert.equal(preferenceText([mlp]), "", "one model");
  assert.equal(preferenceText([mlp, model("other", 0.9, undefined, { ...tiles, validation: 11 })]), "", "other tiles");
  assert.equal(preferenceText([mlp, { ...frozen, metrics: null }]), "", "not measured");
});
