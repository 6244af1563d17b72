import assert from "node:assert/strict";
import { test } from "node:test";
import { flagsOf } from "../../src/format/index";

test("a switch that is on is a bare flag, and one that is off is left out", () => {
  assert.deepEqual(flagsOf({ nesterov: true, skipUnreadable: false, weightDecay: 0.1, run: undefined }), [
    "--nesterov",
    "--weight-decay",
    "0.1",
  ]);
});
