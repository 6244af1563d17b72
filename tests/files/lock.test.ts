import assert from "node:assert/strict";
import { readdir, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { takeLock, tryLock } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

const refusal = (holder: number) => new Error(`process ${holder} is at work`);

test("one process at a time has a lock; one whose process has ended is taken over", async (context) => {
  const folder = await temporaryDirectory(context);
  const path = join(folder, "lock");
  const giveBack = await takeLock(path, refusal);
  await assert.rejects(takeLock(path, refusal), new RegExp(`process ${process.pid} is at work`));
  giveBack();
  const left = (pid: number) => `${path}.${hostname()}.${pid}.0123abcd`;
  for (const gone of [2 ** 22 + 1, process.pid]) {
    await writeFile(left(gone), "");
    (await takeLock(path, refusal))();
    assert.deepEqual(await readdir(folder), []);
  }
  await writeFile(left(process.ppid), "");
  await assert.rejects(takeLock(path, refusal), new RegExp(`process ${process.ppid} is at work`));
});

test("of many that find a lock whose process has ended no two take it over", async (context) => {
  const path = join(await temporaryDirectory(context), "lock");
  for (let round = 0; round < 20; round++) {
    await writeFile(`${path}.${hostname()}.${2 ** 22 + 1}.0123abcd`, "");
    const taken = await Promise.allSettled(Array.from({ length: 4 }, () => takeLock(path, refusal)));
    const locks = taken.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    assert.ok(locks.length <= 1, `${locks.length} have it`);
    for (const giveBack of locks) giveBack();
  }
});

test("in a folder that machines share, a holder elsewhere counts until it has been silent for long", async (context) => {
  const folder = await temporaryDirectory(context);
  const path = join(folder, "delivery.lock");
  const elsewhere = `${path}.another-machine.1.0123abcd`;
  await writeFile(`${path}.${hostname()}.${2 ** 22 + 1}.0123abcd`, "");
  await writeFile(elsewhere, "");
  assert.equal((await tryLock(path, { silentMs: 30_000 })).holder, 1, "the other machine may be alive");
  await utimes(elsewhere, new Date(0), new Date(0));
  const { release } = await tryLock(path, { silentMs: 30_000 });
  assert.ok(release);
  assert.equal((await readdir(folder)).length, 1, "what was left is gone");
  assert.equal((await tryLock(path, { silentMs: 30_000 })).holder, process.pid);
  release();
  assert.deepEqual(await readdir(folder), []);
});
