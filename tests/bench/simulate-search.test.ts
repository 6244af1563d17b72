import assert from "node:assert/strict";
import { test } from "node:test";
import { simulateWorkers } from "../../bench/simulate-search";

const equal = (count: number) => new Array<number>(count).fill(60);

test("without interruptions the time is that of rounds of trials, and preparing counts once a worker", () => {
  assert.deepEqual(simulateWorkers({ trialSeconds: equal(20), workers: 1 }), {
    ...{ seconds: 1200, workerSeconds: 1200, speedUp: 1, interruptions: 0 },
  });
  assert.equal(simulateWorkers({ trialSeconds: equal(20), workers: 4 }).speedUp, 4);
  assert.equal(
    simulateWorkers({ trialSeconds: equal(20), workers: 8 }).seconds,
    180,
    "three rounds, the last not full",
  );
  assert.equal(simulateWorkers({ trialSeconds: equal(20), workers: 30 }).seconds, 60);
  assert.equal(simulateWorkers({ trialSeconds: equal(20), workers: 4, prepareSeconds: 40 }).seconds, 340);
  assert.equal(simulateWorkers({ trialSeconds: [300, 60, 60, 60], workers: 2 }).seconds, 300);
});

test("interruptions cost what is repeated and the wait for another machine, and no trial is lost", () => {
  const search = { trialSeconds: equal(200), workers: 10, interruptedEvery: 600 };
  const calm = simulateWorkers({ ...search, interruptedEvery: Number.POSITIVE_INFINITY });
  const free = simulateWorkers(search);
  assert.ok(free.interruptions > 5);
  assert.ok(
    free.workerSeconds >= calm.workerSeconds && free.seconds < 1.1 * calm.seconds,
    "saved trials cost next to nothing",
  );
  const costly = simulateWorkers({ ...search, repeatSeconds: 30, replacedAfter: 120, prepareSeconds: 20 });
  assert.ok(costly.seconds > free.seconds);
  assert.ok(costly.seconds < 2 * calm.seconds);
});
