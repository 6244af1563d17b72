import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { takeLock } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

const refusal = (holder: number) => new Error(`process ${holder} is at work`);

test("one process at a time has a lock; one whose process has ended is taken over", async (context) => {
  const folder = await temporaryDirectory(context);
  const path = join(folder, "lock");
  const giveBack = await takeLock(path, refusal);
  await assert.rejects(takeLock(path, refusal), new RegExp(`process ${process.pid} is at work`));
  await giveBack();
  const left = (pid: number) => `${path}.${hostname()}.${pid}.0123abcd`;
  for (const gone of [2 ** 22 + 1, process.pid]) {
    await writeFile(left(gone), "");
    await (await takeLock(path, refusal))();
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
    for (const giveBack of locks) await giveBack();
  }
});
