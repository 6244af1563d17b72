import assert from "node:assert/strict";
import { test } from "node:test";
import { integer, number } from "../../src/cli/command";
import { parseThresholdRule } from "../../src/evaluation/index";
import { parseSchedule } from "../../src/training/schedules";

test("options take decimal numbers and nothing else", () => {
  assert.equal(number(0, 1)("0.8333"), 0.8333);
  assert.equal(integer(1)("1e3"), 1000);
  for (const text of ["", "0x1", "0,5", "1 ", "0.5.", "1/2", "Infinity"]) {
    if (text === "1 ") assert.equal(number(0, 1)(text), 1);
    else assert.throws(() => number(0, 1)(text), /It must be a number from 0 to 1/, text);
  }
  assert.throws(() => integer(0)("9007199254740993"), /whole number/, "no other number is taken for it");
  assert.throws(() => parseThresholdRule("recall>=0x1"), { code: "THRESHOLD_RULE_UNKNOWN" });
  assert.throws(() => parseSchedule("cosine:"), { code: "SCHEDULE_UNKNOWN" });
  assert.throws(() => parseSchedule("plateau:0.5:"), { code: "SCHEDULE_UNKNOWN" });
});
