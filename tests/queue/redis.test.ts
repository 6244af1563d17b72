import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRedisUrl, requireRedis } from "../../src/queue/index";

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
