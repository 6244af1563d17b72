import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { TtlCache } from "../../serve/core/ttl-cache";

test("a value that takes longer to make than it is kept is made once for all who wait", async () => {
  let made = 0;
  const cache = new TtlCache(0.05, async () => {
    await sleep(200);
    return ++made;
  });
  const first = cache.get();
  await sleep(120);
  assert.deepEqual(await Promise.all([first, cache.get()]), [1, 1]);
  assert.equal(await cache.get(), 1, "and kept from then on");
  await sleep(70);
  assert.equal(await cache.get(), 2);
});

test("a failure is not kept", async () => {
  let calls = 0;
  const cache = new TtlCache(60, async () => {
    if (++calls === 1) throw new Error("for now");
    return calls;
  });
  await assert.rejects(cache.get(), /for now/);
  assert.equal(await cache.get(), 2);
});
