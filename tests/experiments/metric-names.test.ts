import assert from "node:assert/strict";
import { test } from "node:test";
import { currentMetricName } from "../../src/experiments/run-log";

const NAMES = {
  train_loss: "train/loss",
  validation_rocAuc: "validation/rocAuc",
  best_validation_f1: "validation_best/f1",
  test_rocAuc: "test/rocAuc",
  test_rocAuc_mean: "test/rocAuc/mean",
  "recall-0.9/test_accuracy": "recall-0.9/test/accuracy",
  learningRate: "train/learningRate",
  best: "search/best",
  "train/loss": "train/loss",
  "test/rocAuc/std": "test/rocAuc/std",
  "system/memory_usage": "system/memory_usage",
  somebody_elses_test_rocAuc: "somebody_elses_test_rocAuc",
};

test("metrics logged under former names are found under the present ones", () => {
  for (const [former, now] of Object.entries(NAMES)) assert.equal(currentMetricName(former), now);
});
