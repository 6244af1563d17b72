/** @module Batches stay within the server's limits and lose only what it refuses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../../src/tracking/client/errors";
import { Batch, type BatchContent, sendBatch } from "../../../src/tracking/spool/batch";

test("a batch takes what one request may hold", () => {
  const batch = new Batch();
  for (let i = 0; i < 100; i++) assert.ok(batch.add({ type: "params", entries: [[`p${i}`, "1"]] }, 30));
  assert.ok(!batch.add({ type: "params", entries: [["one more", "1"]] }, 30));
  for (let i = 0; i < 900; i++) assert.ok(batch.add({ type: "metrics", points: [["m", i, 0, i]] }, 30));
  assert.ok(!batch.add({ type: "metrics", points: [["m", 1, 0, 900]] }, 30), "1000 in all");
  const large = new Batch();
  assert.ok(large.add({ type: "tags", entries: [["a", "x"]] }, 800_000));
  assert.ok(!large.add({ type: "tags", entries: [["b", "x"]] }, 800_000), "a megabyte");
});

test("refused items are found by halving; the others are stored", async () => {
  const content: BatchContent = {
    metrics: Array.from({ length: 100 }, (_, step) => ({ key: `m${step}`, value: step, timestamp: 0, step })),
    params: [
      { key: "bad", value: "1" },
      { key: "good", value: "2" },
    ],
    tags: [{ key: "t", value: "3" }],
  };
  const bad = new Set(["m17", "m18", "m99", "bad"]);
  const stored: string[] = [];
  const refused: string[] = [];
  const keysOf = ({ metrics, params, tags }: BatchContent) => [...metrics, ...params, ...tags].map(({ key }) => key);
  await sendBatch(
    content,
    async (part) => {
      if (keysOf(part).some((key) => bad.has(key))) throw new ApiError("no", 400, "INVALID_PARAMETER_VALUE");
      stored.push(...keysOf(part));
    },
    async (part) => void refused.push(...keysOf(part)),
  );
  assert.deepEqual(new Set(refused), bad);
  assert.deepEqual(new Set([...stored, ...refused]), new Set(keysOf(content)));
  assert.equal(stored.length + refused.length, 103);
});
