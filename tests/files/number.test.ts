import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDecimal } from "../../src/files/index";

test("a written number is the double nearest to it", () => {
  for (const [text, value] of [
    ["0.1", 0.1],
    [" -2.50 ", -2.5],
    ["+3", 3],
    ["007", 7],
    [".5", 0.5],
    ["5.", 5],
    ["1e-3", 0.001],
    ["1.5E+2", 150],
    ["\u22120.25", -0.25],
    ["5e-324", 5e-324],
    ["0.1000000000000000055511151231257827", 0.1],
  ] as const) {
    assert.equal(parseDecimal(text), value, text);
  }
});

test("what is no number, or another one to some programs, is none", () => {
  for (const text of [
    ...["", " ", "-", ".", "e5", "NaN", "Infinity", "true", "none"],
    ...["0x10", "0b1", "1_000", "1 000", "1.2.3", "1e400", "1e", "1e1.5", "0.5 foo", "0.5px", "1,5", "½", "٣"],
  ]) {
    assert.ok(Number.isNaN(parseDecimal(text)), text);
  }
});

test("a comma for the point, where tables may have it", () => {
  const comma = (text: string) => parseDecimal(text, { comma: true });
  assert.deepEqual(["0,25", "-,5", "1,5e-2", "3"].map(comma), [0.25, -0.5, 0.015, 3]);
  for (const text of ["1.234,5", "1,234.5", "1,234,567", "0,5,", ","]) assert.ok(Number.isNaN(comma(text)), text);
});

test("a power of ten is applied before rounding", () => {
  assert.equal(parseDecimal("83.33", { tens: -2 }), 0.8333);
  assert.equal(parseDecimal("8.333e1", { tens: -2 }), 0.8333);
  assert.equal(parseDecimal("100", { tens: -2 }), 1);
});
