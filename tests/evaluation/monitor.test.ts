import assert from "node:assert/strict";
import { test } from "node:test";
import { bestByMonitor, checkMonitor, monitorOf } from "../../src/evaluation/history";

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

test("the best epoch is the one with the lowest loss among those with the best value", () => {
  const epochs = (...pairs: [rocAuc: number, loss: number][]) => pairs.map((pair) => ({ validation: measures(pair) }));
  const measures = ([rocAuc, loss]: [number, number]) => ({ rocAuc, loss });
  const best = (...pairs: [number, number][]) => bestByMonitor(epochs(...pairs), monitorOf("rocAuc"))?.validation.loss;
  assert.equal(best([1, 6.3], [0.9, 0.1], [1, 0.2], [1, 0.3]), 0.2);
  assert.equal(best([0.8, 0.2], [0.8, 0.2], [0.9, 5]), 5);
  assert.equal(best([Number.NaN, 1], [Number.NaN, 2]), 1);
});
