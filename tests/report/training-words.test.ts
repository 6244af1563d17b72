import assert from "node:assert/strict";
import { test } from "node:test";
import { monitorOf } from "../../src/evaluation/index";
import { trainingWords } from "../../src/report/provenance";

const RISING = [0.7, 0.75, 0.8, 0.82, 0.84];
const PEAKED = [0.7, 0.75, 0.84, 0.82, 0.8];
const FALLING_LOSS = [0.6, 0.5, 0.45, 0.42, 0.4];
const RISING_LOSS = [0.5, 0.4, 0.5, 0.6, 0.8];

const epochs = (rocAuc: readonly number[], loss: readonly number[]) =>
  rocAuc.map((value, i) => ({ epoch: i + 1, train: {}, validation: { rocAuc: value, loss: loss[i] } }));
const words = (rocAuc: readonly number[], loss: readonly number[], monitor = "rocAuc") =>
  trainingWords(epochs(rocAuc, loss), monitorOf(monitor)).join(" ");

test("a best epoch that was the last one is said to be it", () => {
  assert.match(words(RISING, FALLING_LOSS), /^The best epoch was the last one \(5\).*more epochs\.$/);
  assert.equal(words(PEAKED, FALLING_LOSS), "");
  assert.match(words(PEAKED, FALLING_LOSS, "loss"), /last one/, "the monitored measure counts");
});

test("a validation loss that rose long before the kept epoch is told with its numbers", () => {
  const text = words(RISING, RISING_LOSS);
  assert.match(text, /lowest 3 epochs before the kept one: 0\.400 at epoch 2, 0\.800 at epoch 5.*best by ROC AUC/);
  assert.doesNotMatch(words(PEAKED, RISING_LOSS), /lowest/, "one epoch is not long");
  assert.doesNotMatch(words(RISING, RISING_LOSS, "loss"), /lowest/, "who monitors the loss keeps its lowest");
});

test("one epoch has nothing to be compared with", () => {
  assert.equal(words([0.7], [0.5]), "");
});
