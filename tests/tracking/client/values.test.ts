/** @module Names and values that MLflow takes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { storablePath } from "../../../src/tracking/client/artifact-location";
import {
  cleanKey,
  type DatasetInput,
  paramText,
  storableName,
  tagText,
  toWireMetric,
} from "../../../src/tracking/client/values";
import { storableDataset } from "../../../src/tracking/run/storable";

test("keys keep what MLflow accepts and lose the rest", () => {
  assert.equal(cleanKey("val/loss: top-1 (50%)"), "val/loss: top-1 _50__");
  assert.equal(cleanKey("précision"), "précision");
  assert.equal(cleanKey("../a//b/./c"), "a/b/c");
  assert.equal(cleanKey("x".repeat(300)).length, 250);
  assert.equal(cleanKey(""), "_");
  assert.equal(cleanKey(`${"x".repeat(249)}/loss`), "x".repeat(249), "no slash is left at the end");
  assert.equal(cleanKey(`${"x".repeat(249)}𝐱`), "x".repeat(249), "no half of a pair is left at the end");
  assert.equal(storableName("🔬".repeat(200)).length, 250);
});

test("values become texts of a length that MLflow stores", () => {
  assert.equal(paramText([2352, 294]), "[2352,294]");
  assert.equal(paramText(undefined), "None");
  assert.equal(paramText(10n ** 20n), "100000000000000000000");
  assert.equal(paramText("x".repeat(6000)).length, 6000);
  assert.equal(paramText("x".repeat(6001)), `${"x".repeat(5999)}…`);
  assert.equal(tagText("🔬".repeat(5000)).length, 7999, "no half of a pair is left at the end");
});

test("points have whole times and steps, and words for what JSON has no number for", () => {
  const point = { key: "loss", value: Number.NaN, timestamp: 1.9, step: -2.5 };
  assert.deepEqual(toWireMetric(point), { key: "loss", value: "NaN", timestamp: 1, step: -2 });
  assert.equal(toWireMetric({ ...point, value: Number.NEGATIVE_INFINITY }).value, "-Infinity");
  assert.equal(toWireMetric({ ...point, step: Number.NaN }).step, 0);
});

test("what would make the server drop the rest of a request is replaced", () => {
  const half = "😀".slice(0, 1);
  assert.equal(tagText(`cut ${half}`), "cut \uFFFD");
  assert.equal(paramText({ note: `a\0b${half}` }), JSON.stringify({ note: `a\0b${half}` }), "JSON escapes them itself");
  assert.equal(tagText("a\0b"), "a\uFFFDb");
  const far = toWireMetric({ key: "loss", value: 1, timestamp: 1e19, step: -1e20 });
  assert.deepEqual([far.timestamp, far.step], [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);
});

test("data sets have texts only, and those without a name or a digest are left out", () => {
  const dataset = { name: "tiles", digest: 17, source: { path: "data" }, profile: { rows: 3 } };
  assert.deepEqual(storableDataset({ dataset } as unknown as DatasetInput), {
    dataset: { name: "tiles", digest: "17", source_type: "local", source: '{"path":"data"}', profile: '{"rows":3}' },
  });
  assert.equal(storableDataset({ dataset: { name: "tiles" } } as unknown as DatasetInput), undefined);
});

test("artifact names are such that servers and file systems store them", () => {
  assert.equal(storablePath("plots", "a#b?%41 100%.png"), "plots/a_b__41 100%.png");
  assert.equal(storablePath(`cut ${"😀".slice(0, 1)}.txt`), "cut _.txt");
  const [long, other] = [storablePath(`${"ä".repeat(300)}1.json`), storablePath(`${"ä".repeat(300)}2.json`)];
  assert.ok(Buffer.byteLength(long) <= 255 && long.endsWith(".json"), long);
  assert.notEqual(long, other);
});
