import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  type Candidate,
  candidatesOf,
  chooseStepWay,
  precision,
  runtime,
  setPrecision,
  setUpdateWay,
  updateWay,
  workloads,
} from "../../src/tensorflow/index";
import { temporaryDirectory } from "../support/temporary-directory";

const options = { skip: !runtime.fusedUpdates && "without the project's operations there is one way only" };

/** Uses so many milliseconds of processor time, which take as long on the clock unless other programs have the processor. */
function compute(milliseconds: number): void {
  const before = process.cpuUsage();
  for (let used = 0; used < 1000 * milliseconds; ) {
    const { user, system } = process.cpuUsage(before);
    used = user + system;
  }
}

/** The real candidates, all but one of which take five times as long as their step. */
function slowed(context: TestContext, fast: Pick<Candidate, "precision" | "updates">): Candidate[] {
  const { candidates, dispose } = candidatesOf("dense");
  context.after(dispose);
  return candidates.map((candidate) => ({
    ...candidate,
    step() {
      const started = performance.now();
      candidate.step();
      const until = started + 5 * (performance.now() - started);
      const isFast = candidate.precision === fast.precision && candidate.updates === fast.updates;
      while (!isFast && performance.now() < until);
    },
  }));
}

for (const updates of ["product", "rule", "tensorflow"] as const) {
  test(`the choice follows the measured times: ${updates}`, options, async (context) => {
    const directory = await temporaryDirectory(context);
    const candidates = slowed(context, { precision: "fp32", updates });
    const { chosen, times } = await chooseStepWay("dense", { directory, candidates });
    assert.deepEqual(chosen, { precision: "fp32", updates });
    const fastest = times.reduce((a, b) => (b.seconds < a.seconds ? b : a));
    assert.deepEqual({ precision: fastest.precision, updates: fastest.updates }, chosen);
    assert.equal(times.length, candidates.length);
  });
}

test("bf16 is chosen where it is measurably faster, and not where it is as fast", options, async (context) => {
  const step = (milliseconds: number) => () => compute(milliseconds);
  const choose = async (exact: number, rounded: number, wanted?: "bf16") => {
    const candidates: Candidate[] = [
      { precision: "fp32", updates: "rule", step: step(exact) },
      { precision: "bf16", updates: "product", step: step(rounded) },
    ];
    const directory = await temporaryDirectory(context);
    return (await chooseStepWay("dense", { directory, candidates, ...(wanted && { precision: wanted }) })).chosen;
  };
  assert.equal((await choose(10, 5)).precision, "bf16");
  assert.equal((await choose(10, 9.9)).precision, "fp32");
  assert.deepEqual(await choose(5, 10, "bf16"), { precision: "bf16", updates: "product" }, "who asks for it gets it");
});

test(
  "of ways that are about as fast, the one whose updates take the least memory is chosen",
  options,
  async (context) => {
    const directory = await temporaryDirectory(context);
    const candidates: Candidate[] = [
      { precision: "fp32", updates: "product", step: () => compute(10) },
      { precision: "fp32", updates: "rule", step: () => compute(9.8) },
    ];
    const { chosen } = await chooseStepWay("dense", { directory, candidates });
    assert.equal(chosen.updates, "product");
  },
);

test("who asks for bf16 where nothing rounds gets the fastest exact way", options, async (context) => {
  const candidates: Candidate[] = [
    { precision: "fp32", updates: "product", step: () => compute(10) },
    { precision: "fp32", updates: "tensorflow", step: () => compute(2) },
  ];
  const directory = await temporaryDirectory(context);
  const { chosen } = await chooseStepWay("dense", { directory, candidates, precision: "bf16" });
  assert.deepEqual(chosen, { precision: "bf16", updates: "tensorflow" });
});

test(
  "times are kept, with the processor's name; damaged and outdated ones are measured again",
  options,
  async (context) => {
    const directory = await temporaryDirectory(context);
    let steps = 0;
    const candidates = (["product", "rule"] as const).map((updates) => ({
      precision: "fp32" as const,
      updates,
      step: () => void steps++,
    }));
    const choose = () => chooseStepWay("dense", { directory, candidates });
    const first = await choose();
    const measured = steps;
    assert.ok(measured > 0);
    assert.deepEqual(await choose(), first);
    assert.equal(steps, measured, "nothing is measured twice");
    const [name] = await readdir(directory);
    const path = join(directory, name as string);
    const content = JSON.parse(await readFile(path, "utf8"));
    assert.equal(content.processor.name, first.processor.name);
    assert.deepEqual(content.chosen, first.chosen);

    for (const damaged of ["", "{", "null", "{}", JSON.stringify({ ...content, times: content.times.slice(1) })]) {
      const before = steps;
      await writeFile(path, damaged);
      await choose();
      assert.ok(steps > before, `measured again after ${damaged}`);
      assert.equal(JSON.parse(await readFile(path, "utf8")).times.length, 2);
    }
    const before = steps;
    await chooseStepWay("convolution", { directory, candidates });
    assert.ok(steps > before, "another workload has times of its own");
  },
);

test("times are not kept where other programs took the cores meanwhile", options, async (context) => {
  const directory = await temporaryDirectory(context);
  // A thread that waits for a core uses as little processor time as one that sleeps.
  const waiting = (milliseconds: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  const choose = (step: () => void) => {
    const candidates = (["product", "rule"] as const).map((updates) => ({ precision: "fp32" as const, updates, step }));
    return chooseStepWay("dense", { directory, candidates });
  };
  const disturbed = await choose(() => {
    waiting(20);
    compute(5);
  });
  assert.equal(disturbed.disturbed, true);
  assert.equal(disturbed.times.length, 2, "this process uses them");
  assert.deepEqual(await readdir(directory), []);
});

test(
  "where other programs have the cores, processor time ranks the ways, and is not kept",
  options,
  async (context) => {
    const directory = await temporaryDirectory(context);
    const others = cpus().map(() => spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }));
    context.after(() => {
      for (const other of others) other.kill("SIGKILL");
    });
    const candidates = slowed(context, { precision: "fp32", updates: "rule" });
    const choice = await chooseStepWay("dense", { directory, candidates });
    assert.equal(choice.disturbed, true);
    assert.deepEqual(choice.chosen, { precision: "fp32", updates: "rule" });
    assert.deepEqual(await readdir(directory), []);
  },
);

test("a cache that cannot be written is no obstacle", options, async (context) => {
  const directory = await temporaryDirectory(context);
  const file = join(directory, "a file");
  await writeFile(file, "");
  const { times } = await chooseStepWay("dense", { directory: join(file, "cache") });
  assert.ok(times.length > 1);
});

test(
  "timing takes a fraction of a second, and leaves precision, way of updates and memory as they were",
  options,
  async (context) => {
    const { tf } = await import("../../src/tensorflow/index.js");
    const directory = await temporaryDirectory(context);
    setPrecision("bf16");
    setUpdateWay("rule");
    const before = tf.memory().numTensors;
    for (const workload of workloads) await chooseStepWay(workload, { directory });
    assert.deepEqual([precision(), updateWay()], ["bf16", "rule"]);
    assert.ok(tf.memory().numTensors <= before, `${tf.memory().numTensors - before} tensors are left`);
    setPrecision("fp32");
    setUpdateWay("product");
  },
);
