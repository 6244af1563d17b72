import assert from "node:assert/strict";
import { test } from "node:test";
import { InputError } from "../../src/errors/index";
import { schedules } from "../../src/training/index";

const LENGTH = { stepsPerEpoch: 10, epochs: 10 };
const { parseSchedule, withWarmup } = schedules;
const at = (text: string, ...steps: number[]) =>
  steps.map((step) => Number(parseSchedule(text).schedule(LENGTH)(step).toFixed(6)));

test("schedules at the beginning, in the middle and at the end", () => {
  assert.deepEqual(at("constant", 0, 50, 100), [1, 1, 1]);
  assert.deepEqual(at("step:5:0.1", 0, 49, 50, 99), [1, 1, 0.1, 0.1]);
  assert.deepEqual(at("multistep:3,6:0.5", 29, 30, 60), [1, 0.5, 0.25]);
  assert.deepEqual(at("cosine", 0, 50, 100), [1, 0.5, 0]);
  assert.deepEqual(at("cosine:0.1", 100), [0.1]);
  assert.deepEqual(at("polynomial:2", 0, 50, 100), [1, 0.25, 0]);
  assert.deepEqual(at("onecycle", 0, 30, 100), [0.04, 1, 0.0001]);
});

test("warm-up rises linearly into any schedule", () => {
  const schedule = withWarmup(parseSchedule("constant").schedule(LENGTH), 4);
  assert.deepEqual([0, 1, 2, 3, 4, 5].map(schedule), [0.2, 0.4, 0.6, 0.8, 1, 1]);
});

test("a plateau is left to its callback", () => {
  assert.deepEqual(parseSchedule("plateau:0.5:3").plateau, { factor: 0.5, patience: 3 });
});

test("what is no schedule is refused with the list of those there are", () => {
  for (const text of [
    "",
    "cosinus",
    "step",
    "step:5",
    "step:0:1",
    "multistep:a:0.1",
    "plateau:2:3",
    "cosine:x",
    "onecycle:3",
    "step:10:0.1:x",
    "cosine:0.5:3",
    "cosine:5",
  ]) {
    assert.throws(
      () => parseSchedule(text),
      (error) => error instanceof InputError && /--schedule .*onecycle/.test(error.message),
    );
  }
});
