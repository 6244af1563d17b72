import assert from "node:assert/strict";
import { readdir, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { SpoolLock } from "../../../src/tracking/spool/spool-lock";
import { temporaryDirectory } from "../../support/temporary-directory";

/** A process id that none has. */
const GONE = 2 ** 22 + 1;

test("one at a time has the lock of a spool; one that is gone is taken over", async (context) => {
  const folder = await temporaryDirectory(context);
  const path = join(folder, "delivery.lock");
  const lock = await SpoolLock.acquire(path);
  assert.ok(lock);
  assert.equal(await SpoolLock.acquire(path), undefined);
  await lock.release();
  assert.deepEqual(await readdir(folder), []);

  await writeFile(`${path}.ended`, JSON.stringify({ pid: GONE, host: hostname() }));
  await writeFile(`${path}.silent`, JSON.stringify({ pid: 1, host: "another machine" }));
  assert.equal(await SpoolLock.acquire(path), undefined, "the other machine may be alive");
  await utimes(`${path}.silent`, new Date(0), new Date(0));
  const taken = await SpoolLock.acquire(path);
  assert.ok(taken);
  assert.equal((await readdir(folder)).length, 1, "what was left is gone");
  await taken.release();
});

test("of several that find a lock whose holder is gone, one takes it over", async (context) => {
  const path = join(await temporaryDirectory(context), "delivery.lock");
  for (let round = 0; round < 20; round++) {
    await writeFile(`${path}.ended`, JSON.stringify({ pid: GONE, host: hostname() }));
    const locks = (await Promise.all([1, 2, 3].map(() => SpoolLock.acquire(path)))).filter(
      (lock) => lock !== undefined,
    );
    assert.ok(locks.length <= 1, `${locks.length} have it`);
    for (const lock of locks) await lock.release();
  }
});
