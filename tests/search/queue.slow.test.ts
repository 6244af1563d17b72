/** @module A search over two worker processes and a real Redis, with kills at every joint. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import type { SearchResult } from "../../src/search/index";
import { writeCsvSet } from "../support/data-sets";
import { lastJson } from "../support/histo";
import { type RedisServer, startRedis, withoutRedis } from "../support/redis";
import { essence, until } from "../support/search";
import { temporaryDirectory } from "../support/temporary-directory";

/** Some seconds a trial, most of them between checkpoints. */
const SPACE = `
size: 16
batch: 8
epochs: 120
precision: fp32
hidden: { choice: [[8], [16], [16, 8]] }
lr: { logUniform: [1e-4, 1e-2] }
`;
const TRIALS = 5;

/** A program under way, with what it has written so far. */
interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  stdout: string;
  stderr: string;
  readonly ended: Promise<number | null>;
}

interface Setting {
  readonly folder: string;
  readonly data: string;
  search(run: string, ...more: readonly string[]): Running;
  worker(...more: readonly string[]): Running;
}

/** A small data set, a space, and the two commands on both; what is still running at the end is killed. */
async function setting(context: TestContext, redis: string): Promise<Setting> {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 60);
  const space = join(folder, "tiny.yaml");
  await writeFile(space, SPACE);
  const started: Running[] = [];
  context.after(async () => {
    for (const { child, pid } of started)
      if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 9);
    await Promise.all(started.map(({ ended }) => ended));
  });
  const run = (...args: readonly string[]): Running => {
    // A process group of its own: killing it is what the loss of a machine is.
    const child = spawn(process.execPath, [join(projectRoot(), "bin", "histo.cjs"), ...args], {
      env: { ...process.env, HISTO_CACHE: join(folder, "cache"), REDIS_URL: redis },
      detached: true,
    });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    const running: Running = { child, pid: child.pid as number, stdout: "", stderr: "", ended };
    child.stdout.on("data", (text) => {
      running.stdout += text;
    });
    child.stderr.on("data", (text) => {
      running.stderr += text;
    });
    started.push(running);
    return running;
  };
  const common = ["--data", data, "--space", space, "--sampler", "random", "--no-track", "--json"];
  return {
    folder,
    data,
    search: (name, ...more) =>
      run("search", ...common, "--run", join(folder, name), "--trials", String(TRIALS), ...more),
    worker: (...more) => run("worker", "--lost-after", "2", ...more),
  };
}

async function resultOf(search: Running): Promise<SearchResult> {
  assert.equal(await search.ended, 0, search.stderr);
  return lastJson(search.stdout);
}

function finishedIn(run: string): number[] {
  const journal = join(run, "journal.jsonl");
  if (!existsSync(journal)) return [];
  const events = readFileSync(journal, "utf8").split("\n").slice(0, -1);
  return events.map((line) => JSON.parse(line)).flatMap(({ type, trial }) => (type === "finished" ? [trial] : []));
}

const checkpointOf = (run: string, trial: number) =>
  existsSync(join(run, `trial-00${trial}`, "checkpoints", "last", "manifest.json"));
const logOf = (run: string, trial: number) => readFileSync(join(run, `trial-00${trial}`, "train.log"), "utf8");
/** The trial that a worker is in, and that has a checkpoint. */
function trialUnderWay({ stderr }: Running, run: string): number | undefined {
  const begun = [...stderr.matchAll(/^Trial (\d+) of /gm)].at(-1);
  if (!begun) return undefined;
  const trial = Number(begun[1]);
  return checkpointOf(run, trial) && !finishedIn(run).includes(trial) ? trial : undefined;
}

describe("a search through Redis", { skip: withoutRedis() }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis();
  });
  after(() => redis.stop());

  test("a worker killed with -9 in mid-trial loses nothing: every trial ends once, as without Redis", async (context) => {
    const { folder, search, worker } = await setting(context, redis.url);
    const whole = await resultOf(search("whole", "--no-redis"));
    const run = join(folder, "queued");
    const [first, second] = [worker(), worker()];
    const searching = search("queued");
    let lost: number | undefined;
    await until(() => {
      lost = trialUnderWay(first, run);
      return lost !== undefined;
    }, "the first worker is in a trial");
    process.kill(-first.pid, "SIGKILL");
    const result = await resultOf(searching);
    assert.match(searching.stderr, /was restarted; it continues from its checkpoint/);
    assert.match(logOf(run, lost as number), /resumed at epoch [1-9]/);
    assert.deepEqual(finishedIn(run).sort(), [0, 1, 2, 3, 4]);
    assert.deepEqual(essence(result.leaderboard), essence(whole.leaderboard));
    process.kill(second.pid, "SIGTERM");
    assert.equal(await second.ended, 130);
    assert.match(redis.cli("KEYS", "bull:histo-trials:*-trial-*"), /^$/, "nothing is left in the queue");
  });

  test("a search killed with -9 goes on, also when Redis was emptied meanwhile, and repeats no trial", async (context) => {
    const { folder, search, worker } = await setting(context, redis.url);
    const run = join(folder, "killed");
    const workers = [worker(), worker()];
    const first = search("killed");
    await until(() => finishedIn(run).length >= 1, "a trial has ended");
    process.kill(first.pid, "SIGKILL");
    await first.ended;
    // Workers do not need the search: what they are in ends, and its results wait in the queue.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const second = search("killed");
    await until(() => finishedIn(run).length >= 3, "the search goes on");
    redis.cli("FLUSHALL");
    const result = await resultOf(second);
    assert.equal(result.finished, TRIALS);
    assert.deepEqual(finishedIn(run).sort(), [0, 1, 2, 3, 4]);
    for (let trial = 0; trial < TRIALS; trial++) {
      const log = logOf(run, trial);
      assert.ok([...log.matchAll(/ epoch 1:/g)].length === 1, `trial ${trial} began once:\n${log.slice(0, 400)}`);
    }
    for (const { pid } of workers) process.kill(pid, "SIGTERM");
  });

  test("a worker told to stop saves its trial and gives it back to another", async (context) => {
    const { folder, search, worker } = await setting(context, redis.url);
    const run = join(folder, "stopped");
    const first = worker("--lost-after", "60");
    const searching = search("stopped");
    let trial: number | undefined;
    await until(() => {
      trial = trialUnderWay(first, run);
      return trial !== undefined;
    }, "the worker is in a trial");
    process.kill(first.pid, "SIGTERM");
    assert.equal(await first.ended, 130);
    assert.match(first.stderr, /was saved and given back/);
    const second = worker("--idle", "2");
    assert.equal((await resultOf(searching)).finished, TRIALS);
    assert.match(logOf(run, trial as number), /interrupted (in|after) epoch.*resumed at epoch/s);
    assert.equal(await second.ended, 0, "a worker with nothing to do ends by itself");
    assert.match(second.stdout, /trials finished, 0 failed, 0 given back/);
  });

  test("a search stopped by Ctrl-C takes its trials out of the queue; halving is answered through it", async (context) => {
    const { folder, search, worker } = await setting(context, redis.url);
    const run = join(folder, "halved");
    const options = ["--halving", "--min-epochs", "40", "--reduction", "2", "--workers", "2"];
    const first = search("halved", ...options);
    const running = worker();
    await until(() => trialUnderWay(running, run) !== undefined, "the worker is in a trial");
    process.kill(first.pid, "SIGINT");
    assert.equal(await first.ended, 130, first.stderr);
    assert.match(redis.cli("LLEN", "bull:histo-trials:wait"), /^0$/);
    const result = await resultOf(search("halved", ...options));
    assert.equal(result.finished, TRIALS);
    const stopped = result.leaderboard.filter(({ stoppedEarly }) => stoppedEarly);
    assert.ok(stopped.length >= 1 && stopped.every(({ epochs }) => epochs === 40 || epochs === 80));
  });

  test("a worker that does not see the search's folder or data, or cannot write, says so, and the trial waits for another", async (context) => {
    const { folder, data, search, worker } = await setting(context, redis.url);
    const searching = search("shared");
    const run = join(folder, "shared");
    await until(() => redis.cli("LLEN", "bull:histo-trials:wait") === "1", "a trial waits");
    const other = await writeCsvSet(join(folder, "other"), 30);
    const blind = worker("--data", other);
    assert.equal(await blind.ended, 2);
    assert.match(blind.stderr, /histo: This worker cannot take trials: .* is not the search's data set/);
    await until(
      () => /The worker on .* is not the search's data set/.test(searching.stderr),
      "the search has heard of it",
    );
    await until(() => redis.cli("LLEN", "bull:histo-trials:wait") === "1", "the trial waits again");
    await rename(run, `${run}.away`);
    const elsewhere = worker();
    assert.equal(await elsewhere.ended, 2);
    assert.match(elsewhere.stderr, /shared does not exist; mount the folder of the search under this path/);
    await rename(`${run}.away`, run);
    const cache = join(folder, "cache");
    await rename(cache, `${cache}.away`);
    await writeFile(cache, "");
    const full = worker();
    assert.equal(await full.ended, 2);
    assert.match(full.stderr, /This worker cannot take trials: The cache folder .* set HISTO_CACHE/);
    await rm(cache);
    await rename(`${cache}.away`, cache);
    await rename(data, join(folder, "moved"));
    const good = worker("--data", join(folder, "moved"));
    const { finished, failed } = await resultOf(searching);
    assert.deepEqual([finished, failed], [TRIALS, 0]);
    process.kill(good.pid, "SIGTERM");
  });
});

test("a worker whose Redis is gone ends when it is told to", { skip: withoutRedis() }, async (context) => {
  const redis = await startRedis();
  const { worker } = await setting(context, redis.url);
  const idle = worker();
  await until(() => /bull/.test(redis.cli("CLIENT", "LIST")), "the worker is connected");
  await redis.stop();
  process.kill(idle.pid, "SIGTERM");
  assert.equal(await idle.ended, 130, idle.stderr);
});

test("without Redis there is one clear line, and nothing is written", async (context) => {
  const { folder, search, worker } = await setting(context, "");
  const wrong: readonly (readonly [readonly string[], number, RegExp])[] = [
    [["--redis", "redis://127.0.0.1:9"], 1, /^histo: redis:\/\/127\.0\.0\.1:9 does not answer; start it/],
    [["--redis", "redis://nowhere.invalid"], 1, /^histo: redis:\/\/nowhere\.invalid does not exist/],
    [["--redis", "http://127.0.0.1"], 2, /^histo: --redis http:\/\/127\.0\.0\.1 is not an address such as redis:/],
  ];
  for (const [more, status, message] of wrong) {
    for (const running of [search("none", ...more), worker(...more)]) {
      assert.equal(await running.ended, status, running.stderr);
      assert.match(running.stderr, message);
      assert.equal(running.stderr.trimEnd().split("\n").length, 1, running.stderr);
    }
  }
  const nowhere = worker();
  assert.equal(await nowhere.ended, 2);
  assert.match(nowhere.stderr, /Give the address of Redis/);
  assert.ok(!existsSync(join(folder, "none")));
});
