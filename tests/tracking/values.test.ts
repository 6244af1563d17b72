/** @module Names and values that MLflow takes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanKey, paramText, tagText, toWireMetric } from "../../src/tracking/values";

test("keys keep what MLflow accepts and lose the rest", () => {
  assert.equal(cleanKey("val/loss: top-1 (50%)"), "val/loss: top-1 _50__");
  assert.equal(cleanKey("précision"), "précision");
  assert.equal(cleanKey("../a//b/./c"), "a/b/c");
  assert.equal(cleanKey("x".repeat(300)).length, 250);
  assert.equal(cleanKey(""), "_");
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
