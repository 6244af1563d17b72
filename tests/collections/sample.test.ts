import assert from "node:assert/strict";
import { test } from "node:test";
import { spreadOver } from "../../src/collections/index";

test("a sample reaches over all items, also where they are less than twice as many", () => {
  const items = Array.from({ length: 95 }, (_, i) => i);
  const sample = spreadOver(items, 48);
  assert.equal(sample.length, 48);
  assert.equal(new Set(sample).size, 48);
  assert.deepEqual(
    sample,
    [...sample].sort((a, b) => a - b),
  );
  assert.ok((sample[0] as number) < 2 && (sample[47] as number) > 92, `${sample}`);
  assert.deepEqual(spreadOver([3, 1, 2], 48), [3, 1, 2]);
  assert.deepEqual(spreadOver([], 48), []);
});
