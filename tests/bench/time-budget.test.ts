import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { TimeBudget } from "../../bench/time-budget";

const never = new AbortController().signal;

test("rounds that fit are made, and a result that is whole is not partial", async () => {
  const budget = new TimeBudget(never, 60);
  const rounds: number[] = [];
  await budget.rounds(3, async (round) => rounds.push(round));
  assert.deepEqual(rounds, [0, 1, 2]);
  assert.equal(budget.partial, undefined);
});

test("a round is not begun where one as long as the longest before would not fit, and the result says so", async () => {
  const budget = new TimeBudget(never, 1);
  let rounds = 0;
  await budget.rounds(9, async () => {
    rounds++;
    await sleep(400);
  });
  assert.equal(rounds, 2);
  assert.deepEqual(budget.partial, { state: "out of time", done: ["2 of 9 rounds"] });
});

test("what would never end is ended with the time, what the user stops at once; rounds before are kept", async () => {
  const late = new TimeBudget(never, 0.3);
  await late.rounds(2, () => sleep(60_000, undefined, { signal: late.signal }));
  assert.deepEqual(late.partial, { state: "out of time", done: ["0 of 2 rounds"] });
  const user = new AbortController();
  const budget = new TimeBudget(user.signal, 60);
  await budget.rounds(3, async (round) => {
    if (round === 1) user.abort();
    budget.signal.throwIfAborted();
  });
  assert.deepEqual(budget.partial, { state: "interrupted", done: ["1 of 3 rounds"] });
});

test("an error is an error", async () => {
  const budget = new TimeBudget(never, 60);
  await assert.rejects(
    budget.rounds(2, async () => {
      throw new Error("no server");
    }),
    /no server/,
  );
});
