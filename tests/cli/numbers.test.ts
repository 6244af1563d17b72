import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import * as z from "zod";
import { addSchemaOptions, readOptions } from "../../src/cli/schema-options";
import { parseThresholdRule } from "../../src/evaluation/index";
import { between, option, whole } from "../../src/options/index";
import { parseSchedule } from "../../src/training/schedules";

const schema = z.strictObject({
  share: option(between(0, 1).optional(), "a share", { value: "x" }),
  count: option(whole(0).optional(), "a number of things", { value: "n" }),
});

/** The options of a command line. */
function parse(...words: string[]) {
  const command = addSchemaOptions(new Command(), schema).exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  return readOptions(command.parse(words, { from: "user" }).opts(), schema);
}

test("options take decimal numbers and nothing else", () => {
  assert.equal(parse("--share", "0.8333").share, 0.8333);
  assert.equal(parse("--share", "1 ").share, 1);
  assert.equal(parse("--count", "1e3").count, 1000);
  for (const text of ["", "0x1", "0,5", "0.5.", "1/2", "Infinity"]) {
    assert.throws(() => parse("--share", text), /It must lie from 0 to 1/, text);
  }
  assert.throws(() => parse("--count", "9007199254740993"), /whole number/, "no other number is taken for it");
  assert.throws(() => parseThresholdRule("recall>=0x1"), { code: "THRESHOLD_RULE_UNKNOWN" });
  assert.throws(() => parseSchedule("cosine:"), { code: "SCHEDULE_UNKNOWN" });
  assert.throws(() => parseSchedule("plateau:0.5:"), { code: "SCHEDULE_UNKNOWN" });
});
