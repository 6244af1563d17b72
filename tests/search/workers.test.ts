import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Interrupted } from "../../src/errors/index";
import { silentProgress } from "../../src/progress/index";
import { LocalPool, ProcessRunner, type TrialRunner, WorkerLost } from "../../src/search/workers";
import { writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

/** Is at a rung at once, and tells its process id there; then says that it was told to stop. */
const WORKER = `process.on("message", ({ type }) => {
  process.send(type === "trial" ? { type: "rung", epoch: 1, merit: process.pid } : { type: "interrupted" });
});`;

const job = { trial: 0, run: "nowhere", options: { data: "nowhere" }, objective: "rocAuc", rungs: [1] };

/** Makes a program the worker of searches. */
async function asWorker(context: TestContext, program: string): Promise<void> {
  const { HISTO_ROOT: root } = process.env;
  const folder = await temporaryDirectory(context);
  await writeFiles(folder, { "dist/src/search/worker-main.js": program });
  process.env.HISTO_ROOT = folder;
  context.after(() => {
    if (root === undefined) delete process.env.HISTO_ROOT;
    else process.env.HISTO_ROOT = root;
  });
}

/** A runner whose process is the worker above. */
async function runnerOf(context: TestContext): Promise<ProcessRunner> {
  await asWorker(context, WORKER);
  const runner = new ProcessRunner("1");
  context.after(() => runner.kill());
  return runner;
}

test("a worker that is killed just before it is sent a message is lost, and nothing else", async (context) => {
  const runner = await runnerOf(context);
  const { signal } = new AbortController();
  const atRung = async (_trial: number, _epoch: number, pid: number) => {
    process.kill(pid, "SIGKILL");
    // Until the process is gone, and without hearing of it.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    return false;
  };
  await assert.rejects(runner.run(job, { signal, progress: silentProgress, atRung }), WorkerLost);
});

test("a worker that cannot be started is lost", async (context) => {
  const runner = await runnerOf(context);
  const { execPath } = process;
  process.execPath = "/nowhere/node";
  context.after(() => {
    process.execPath = execPath;
  });
  const host = { signal: new AbortController().signal, progress: silentProgress, atRung: async () => false };
  await assert.rejects(runner.run(job, host), WorkerLost);
});

test("a worker that someone else told to stop ends, and the trial goes on in a new process", async (context) => {
  const runner = await runnerOf(context);
  const pids: number[] = [];
  const atRung = async (_trial: number, _epoch: number, pid: number) => pids.push(pid) < 0;
  const host = { signal: new AbortController().signal, progress: silentProgress, atRung };
  await assert.rejects(runner.run(job, host), WorkerLost);
  await assert.rejects(runner.run(job, host), WorkerLost);
  const [first = 0, second = 0] = pids;
  assert.notEqual(first, second);
  while (isAlive(first)) await sleep(10);
});

test("a trial whose rung cannot be recorded is stopped, and its process takes the next one alone", async (context) => {
  const runner = await runnerOf(context);
  const full = new Error("no space left on device");
  const pids: number[] = [];
  const atRung = async (_trial: number, _epoch: number, pid: number) => {
    pids.push(pid);
    throw full;
  };
  const host = { signal: new AbortController().signal, progress: silentProgress, atRung };
  await assert.rejects(runner.run(job, host), full);
  await assert.rejects(runner.run(job, host), full);
  assert.equal(pids.length, 2, "one who listens for each trial");
  assert.equal(pids[0], pids[1]);
});

test("where one of several trials shows that the search must stop, the others end and are not started again", async (context) => {
  await asWorker(context, `process.on("message", () => undefined).on("disconnect", () => process.exit());`);
  const pool = new LocalPool(2);
  const host = { signal: new AbortController().signal, progress: silentProgress, atRung: async () => false };
  const full = new Error("no space left on device");
  const ends: unknown[] = [];
  const work = async (runner: TrialRunner) => {
    if (calls++ === 0) {
      await sleep(300);
      throw full;
    }
    await runner.run(job, host).catch((error: unknown) => ends.push(error));
  };
  let calls = 0;
  await assert.rejects(pool.each(work), full);
  assert.ok(ends.length === 1 && ends[0] instanceof Interrupted, `${ends}`);
});

test("a runner that was closed between two trials starts no process for the next one", async (context) => {
  const runner = await runnerOf(context);
  const pids: number[] = [];
  const atRung = async (_trial: number, _epoch: number, pid: number) => pids.push(pid) < 0;
  runner.close();
  const host = { signal: new AbortController().signal, progress: silentProgress, atRung };
  await assert.rejects(runner.run(job, host), Interrupted);
  assert.deepEqual(pids, []);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
