import assert from "node:assert/strict";
import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isOfDisk, type Notice, RetryPolicy, SendingStopped } from "../../../src/tracking/spool/retry-policy";
import { temporaryDirectory } from "../../support/temporary-directory";

/** A policy, and how to send an item that takes a time: only this moves the clock. */
function policyWithClock(context: TestContext) {
  let now = 1e12;
  context.mock.method(Date, "now", () => now);
  const policy = new RetryPolicy(
    () => undefined,
    () => undefined,
  );
  const send = (milliseconds: number) =>
    policy.attempt(async () => {
      now += milliseconds;
    });
  return { policy, send };
}

const tooSlow = (error: Error) => error instanceof SendingStopped && /slowly/.test(error.message);

test("a server that answers everything, but slowly, does not hold up the end of a run", async (context) => {
  const { policy, send } = policyWithClock(context);
  policy.close({ patienceMs: 15_000, slownessMs: 200 });
  for (let item = 0; item < 3; item++) await send(600);
  await assert.rejects(send(600), tooSlow);
});

test("many items and large files may take their time", async (context) => {
  const { policy, send } = policyWithClock(context);
  policy.close({ patienceMs: 15_000, slownessMs: 0 });
  for (let item = 0; item < 300; item++) await send(500);
  await policy.withTimeFor(60_000_000, () => send(60_000));
  await send(0);
});

test("a file that was sent before the end gives the items after it no time", async (context) => {
  const { policy, send } = policyWithClock(context);
  await policy.withTimeFor(60_000_000, () => send(60_000));
  policy.close({ patienceMs: 15_000, slownessMs: 0 });
  await send(501);
  await assert.rejects(send(1), tooSlow);
});

test("a spool that cannot be written is told once, and not as a server that cannot be used", async (context) => {
  const directory = await temporaryDirectory(context);
  const notices: Notice[] = [];
  const policy = new RetryPolicy(
    (notice) => notices.push(notice),
    () => undefined,
  );
  await mkdir(join(directory, "in the way"));
  for (let item = 0; item < 3; item++) {
    await policy.ifDiskTakes(() => appendFile(join(directory, "in the way"), "state"));
    await policy.attempt(async () => undefined);
  }
  assert.deepEqual(
    notices.map(({ kind }) => kind),
    ["unwritable"],
  );
});

test("an error is the disk's if the disk is full, or if it is about the spool's own files", () => {
  const spool = join("runs", "spool");
  const isOf = (code: string, paths: object) => isOfDisk(Object.assign(new Error(code), { code, ...paths }), spool);
  assert.ok(isOf("ENOSPC", {}));
  assert.ok(isOf("EACCES", { path: spool }));
  assert.ok(isOf("EACCES", { path: join(spool, "files", "a") }));
  assert.ok(!isOf("EACCES", { path: join("runs", "spool-images", "a.png") }));
  assert.ok(!isOf("EACCES", {}));
  assert.ok(!isOf("EACCES", { path: "a.png", dest: join(spool, "files", "a") }), "perhaps only the source");
});
