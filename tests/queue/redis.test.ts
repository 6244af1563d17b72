import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { closeQueue, openQueue, parseRedisUrl, requireRedis, stopper, takeJobs } from "../../src/queue/index";
import { startRedis, withoutRedis } from "../support/redis";

test("an address of Redis is taken apart, and shown without its password", () => {
  assert.deepEqual(parseRedisUrl("redis://127.0.0.1"), {
    shown: "redis://127.0.0.1",
    options: { host: "127.0.0.1", port: 6379 },
  });
  assert.deepEqual(parseRedisUrl("rediss://me:p%40ss@cache.example:6380/2"), {
    shown: "rediss://cache.example:6380",
    options: { host: "cache.example", port: 6380, username: "me", password: "p@ss", db: 2, tls: {} },
  });
  assert.equal(parseRedisUrl("redis://[::1]:7000").options.host, "::1");
});

test("what is no address is named without its password", () => {
  for (const text of ["localhost:6379", "", "redis://", "redis://host/first", "http://me:secret@host"]) {
    assert.throws(
      () => parseRedisUrl(text),
      (error: Error) => /is not an address such as redis:/.test(error.message) && !/secret/.test(error.message),
    );
  }
});

test("a password with a bare % is explained, and not shown", () => {
  assert.throws(
    () => parseRedisUrl("redis://me:50%secret@host"),
    (error: Error) => /write % as %25/.test(error.message) && !/secret/.test(error.message),
  );
});

test("a Redis that refuses is told at once, and nothing keeps the process from ending", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  await assert.rejects(requireRedis(parseRedisUrl("redis://127.0.0.1:9")), {
    code: "REDIS_UNREACHABLE",
    message: /does not answer; start it/,
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(timers(), before);
});

for (const [what, isBusy] of [
  ["an idle worker", false],
  ["a busy worker", true],
] as const) {
  test(`${what} whose Redis is gone holds nothing open once it has been stopped`, {
    skip: withoutRedis(),
    timeout: 30_000,
  }, async () => {
    const held = () => process.getActiveResourcesInfo().filter((kind) => /Timeout|TCP/.test(kind)).length;
    const redis = await startRedis();
    const address = parseRedisUrl(redis.url);
    const before = held();
    const queue = await openQueue<object, object, "job">(address, "histo-test", () => undefined);
    const stop = stopper(undefined);
    let begun = false;
    const options = { redis: redis.url, lostAfter: 2 };
    const taking = takeJobs<object, object, "job">("histo-test", address.options, options, stop, async () => {
      begun = true;
      while (!stop.signal.aborted) await sleep(10);
      return {};
    });
    if (isBusy) {
      await queue.add("job", {});
      while (!begun) await sleep(10);
    } else while (!/bzpopmin|brpop|blmove/i.test(redis.cli("CLIENT", "LIST"))) await sleep(50);
    await redis.stop();
    await sleep(200);
    stop.abort();
    await taking;
    await closeQueue(queue);
    // The test's time limit is how long it may take.
    while (held() > before) await sleep(50);
  });
}
