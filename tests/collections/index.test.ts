import assert from "node:assert/strict";
import { test } from "node:test";
import { countValues, groupBy, onDemand, quantile, upperMedian } from "../../src/collections/index";

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

test("quantiles interpolate like NumPy's", () => {
  assert.equal(quantile([1, 2, 3, 4], 0.5), 2.5);
  assert.equal(quantile([1, 2, 3, 4], 0.25), 1.75);
  assert.equal(quantile([5], 0.9), 5);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

test("a value is made when it is first asked for, and only once", () => {
  let made = 0;
  const value = onDemand(() => ++made);
  assert.equal(made, 0);
  assert.equal(value(), 1);
  assert.equal(value(), 1);
});
