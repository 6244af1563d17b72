import assert from "node:assert/strict";
import { test } from "node:test";
import { checkMonitor, monitorOf } from "../../src/evaluation/monitor";

test("any measure of a model can choose the best epoch; a count or the threshold cannot", () => {
  for (const name of ["loss", "rocAuc", "balancedAccuracy", "brier", "own"]) checkMonitor(monitorOf(name), ["own"]);
  for (const name of ["n", "threshold", "rocAucCi95", "nonsense"]) {
    assert.throws(
      () => checkMonitor(monitorOf(name), []),
      (error: Error & { code: string }) => {
        assert.doesNotMatch(error.message, / of (.*, )?(n|threshold)[,.]/);
        return error.code === "MONITOR_UNKNOWN";
      },
    );
  }
});
