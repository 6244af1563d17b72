import assert from "node:assert/strict";
import { test } from "node:test";
import { countValues, groupBy, upperMedian } from "../../src/collections/index";

test("items are grouped by key, groups and items in the order of their occurrence", () => {
  const groups = groupBy(["pear", "apple", "plum"], (name) => name[0]);
  assert.deepEqual(
    [...groups],
    [
      ["p", ["pear", "plum"]],
      ["a", ["apple"]],
    ],
  );
});

test("values are counted, the most frequent first", () => {
  assert.deepEqual(
    [...countValues(["b", "a", "c", "c"])],
    [
      ["c", 2],
      ["b", 1],
      ["a", 1],
    ],
  );
});

test("the median of an even number of values is the upper one, of none it is NaN", () => {
  assert.deepEqual([[3, 1, 2], [4, 1, 3, 2], []].map(upperMedian), [2, 3, Number.NaN]);
});
