import assert from "node:assert/strict";
import { test } from "node:test";
import { factsInJournal, modelFacts } from "../../../src/tracking/spool/model-facts";

test("facts become texts and points at the times of the run's own, without NaN", () => {
  const named = {
    params: { rate: Number.NaN, size: 16 },
    metrics: { auc: 0.9, f1: Number.NaN, loss: Infinity },
    step: 4,
  };
  const params = [
    { key: "rate", value: "NaN" },
    { key: "size", value: "16" },
  ];
  const metrics = [
    { key: "auc", value: 0.9, timestamp: 7, step: 4 },
    { key: "loss", value: "Infinity", timestamp: 7, step: 4 },
  ];
  const facts = modelFacts(named, () => 7);
  assert.deepEqual(facts, { params, metrics, step: 4 });
  assert.equal(factsInJournal(facts), facts);
});

test("a journal of an earlier version can be sent", () => {
  const line = '{"params":{"rate":0.1},"metrics":{"auc":0.9,"f1":null},"step":4}';
  const { params, metrics, step } = factsInJournal(JSON.parse(line));
  assert.deepEqual([params, step], [[{ key: "rate", value: "0.1" }], 4]);
  assert.deepEqual(
    metrics.map(({ key, value, step }) => [key, value, step]),
    [["auc", 0.9, 4]],
  );
});
