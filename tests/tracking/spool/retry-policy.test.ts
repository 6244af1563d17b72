import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RetryPolicy, SendingStopped } from "../../../src/tracking/spool/retry-policy";

function closed(slownessMs: number): RetryPolicy {
  const policy = new RetryPolicy(
    () => undefined,
    () => undefined,
  );
  policy.close({ patienceMs: 15_000, slownessMs });
  return policy;
}

test("a server that answers everything, but slowly, does not hold up the end of a run", async () => {
  const policy = closed(200);
  const sendAll = async () => {
    for (let item = 0; item < 20; item++) await policy.attempt(() => sleep(600));
  };
  const began = performance.now();
  await assert.rejects(sendAll(), (error: Error) => error instanceof SendingStopped && /slowly/.test(error.message));
  assert.ok(performance.now() - began < 10_000);
});

test("many items and large files may take their time", async () => {
  const policy = closed(0);
  for (let item = 0; item < 300; item++) await policy.attempt(() => sleep(2));
  policy.allow(60_000_000);
  await policy.attempt(() => sleep(100));
  await policy.attempt(async () => undefined);
});
