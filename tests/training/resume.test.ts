import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { projectRoot, sha256File } from "../../src/files/index";
import { Random } from "../../src/random/index";
import { writeCsvSet } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

const OPTIONS = "--size 16 --hidden 24,8 --epochs 12 --batch 8 --dropout 0.3 --augment dihedral --mixup 0.2".split(" ");
const FIXED = [
  "--precision",
  "fp32",
  "--accumulate",
  "2",
  "--clip-norm",
  "1",
  "--schedule",
  "plateau:0.5:1",
  "--no-track",
];

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
}

type Stop = (kill: (signal: NodeJS.Signals) => void) => void;

/** Trains until the end, or until `stop` says so. */
function train(data: string, run: string, more: readonly string[], stop?: Stop) {
  const args = [
    "train",
    "--data",
    data,
    "--run",
    run,
    ...OPTIONS,
    ...FIXED,
    "--checkpoint-every",
    "1",
    "--export",
    "none",
  ];
  return ended([...args, ...more], join(run, "..", "cache"), stop);
}

function ended(args: readonly string[], cache: string, stop?: Stop): Promise<Ended> {
  const child = spawn(process.execPath, [join(projectRoot(), "bin", "histo.cjs"), ...args], {
    env: { ...process.env, HISTO_CACHE: cache },
  });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  child.stdout.resume();
  stop?.((signal) => child.kill(signal));
  return new Promise<Ended>((resolve) => child.on("close", (status) => resolve({ status, stderr })));
}

async function untouchedRun(context: TestContext): Promise<{ data: string; folder: string; whole: string }> {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 60);
  const whole = join(folder, "whole");
  const { status, stderr } = await train(data, whole, []);
  assert.equal(status, 0, stderr);
  return { data, folder, whole };
}

async function assertSame(a: string, b: string, which = ""): Promise<void> {
  for (const file of ["best/weights.safetensors", "predictions-test.csv", "metrics.json"]) {
    assert.equal(await sha256File(join(a, file)), await sha256File(join(b, file)), `${file} ${which}`);
  }
}

/** Calls back when the run has saved a checkpoint since now. */
function whenCheckpointed(run: string, then: () => void): void {
  const before = lastManifest(run);
  const timer = setInterval(() => {
    if ((lastManifest(run) ?? before) === before) return;
    clearInterval(timer);
    then();
  }, 5);
  timer.unref();
}

/** What the last checkpoint's manifest says; undefined while there is none. */
function lastManifest(run: string): string | undefined {
  try {
    return readFileSync(join(run, "checkpoints", "last", "manifest.json"), "utf8");
  } catch {
    return undefined;
  }
}

test("a run killed with -9 at random moments ends with the same bytes as one that was not", async (context) => {
  const { data, folder, whole } = await untouchedRun(context);
  const run = join(folder, "killed");
  const seed = Date.now();
  const random = new Random(seed);
  let killed = 0;
  for (let part = 0; part < 3; part++) {
    const { status, stderr } = await train(data, run, part ? ["--resume"] : [], (kill) => {
      whenCheckpointed(run, () => setTimeout(() => kill("SIGKILL"), random.uniform(0, 250)));
    });
    if (part > 0 && killed === part) assert.match(stderr, /^Resumed from /m, `seed ${seed}: ${stderr}`);
    if (status === null) killed++;
  }
  assert.ok(killed > 0, "the run was over before it could be killed");
  const { status, stderr } = await train(data, run, ["--resume"]);
  assert.equal(status, 0, `seed ${seed}: ${stderr}`);
  await assertSame(whole, run, `seed ${seed}`);
  assert.deepEqual(
    readdirSync(join(run, "checkpoints")).filter((name) => name !== "best"),
    [],
  );
});

test("Ctrl-C saves, ends with 130 and says how to go on; a torn checkpoint falls back to the one before", async (context) => {
  const { data, folder, whole } = await untouchedRun(context);
  const run = join(folder, "stopped");
  const { status, stderr } = await train(data, run, [], (kill) => {
    whenCheckpointed(run, () => setTimeout(() => kill("SIGINT"), 100));
  });
  assert.equal(status, 130, stderr);
  assert.match(stderr, /--resume/);
  const torn = join(run, "checkpoints", "last", "weights.safetensors");
  await truncate(torn, Math.floor(readFileSync(torn).length / 2));
  // A resumed run takes what is not said from its configuration.
  const bare = ["train", "--data", data, "--run", run, "--resume", "--no-track", "--export", "none"];
  const resumed = await ended(bare, join(folder, "cache"));
  assert.equal(resumed.status, 0, resumed.stderr);
  assert.match(resumed.stderr, /last is not usable: weights.safetensors is damaged.*Resumed from .*previous/);
  await assertSame(whole, run);
});

test("a run is neither overwritten nor resumed with other options", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 40);
  const run = join(folder, "run");
  await train(data, run, [], (kill) => whenCheckpointed(run, () => kill("SIGINT")));
  const again = await train(data, run, []);
  assert.equal(again.status, 2);
  assert.match(again.stderr, /^histo: --run .* holds a run already; add --resume or choose another\.$/m);
  const config = readFileSync(join(run, "config.json"), "utf8");
  const other = await train(data, run, ["--resume", "--seed", "5", "--lr", "0.5"]);
  assert.equal(other.status, 2);
  assert.match(other.stderr, /--resume: .* other options/);
  assert.equal(readFileSync(join(run, "config.json"), "utf8"), config, "a refused resumption leaves the run as it was");
});

test("a network that does not fit in memory is refused before anything is written", async (context) => {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 40);
  const args = ["train", "--data", data, "--run", join(folder, "run"), "--size", "8192", "--hidden", "2352"];
  const { status, stderr } = await ended(args, join(folder, "cache"));
  assert.equal(status, 2);
  assert.match(stderr, /^histo: --size 8192 with --hidden 2352 needs .* GB of memory .* --stem subspace\.$/m);
  assert.deepEqual(readdirSync(folder), ["data"]);
});
