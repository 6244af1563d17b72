/** @module Trainings as processes that tests stop at a checkpoint and resume. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { projectRoot, sha256File } from "../../src/files/index";
import { writeCsvSet } from "./data-sets";
import { temporaryDirectory } from "./temporary-directory";

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

/** What is typed after `histo` for such a training. */
export function trainArguments(data: string, run: string, ...more: readonly string[]): string[] {
  const place = ["train", "--data", data, "--run", run];
  return [...place, ...OPTIONS, ...FIXED, "--checkpoint-every", "1", "--export", "none", ...more];
}

/** Trains until the end, or until `stop` says so. */
export function train(data: string, run: string, more: readonly string[], stop?: Stop) {
  return ended(trainArguments(data, run, ...more), join(run, "..", "cache"), stop);
}

export function ended(args: readonly string[], cache: string, stop?: Stop): Promise<Ended> {
  // In a group of its own: like Ctrl-C on a terminal, a signal reaches the processes that it started too.
  const child = spawn(process.execPath, [join(projectRoot(), "bin", "histo.cjs"), ...args], {
    detached: true,
    env: { ...process.env, HISTO_CACHE: cache },
  });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  child.stdout.resume();
  stop?.((signal) => process.kill(-(child.pid as number), signal));
  return new Promise<Ended>((resolve) => child.on("close", (status) => resolve({ status, stderr })));
}

export async function untouchedRun(context: TestContext): Promise<{ data: string; folder: string; whole: string }> {
  const folder = await temporaryDirectory(context);
  const data = await writeCsvSet(join(folder, "data"), 60);
  const whole = join(folder, "whole");
  const { status, stderr } = await train(data, whole, []);
  assert.equal(status, 0, stderr);
  return { data, folder, whole };
}

export async function assertSame(a: string, b: string, which = ""): Promise<void> {
  for (const file of ["best/weights.safetensors", "predictions-test.csv", "metrics.json"]) {
    assert.equal(await sha256File(join(a, file)), await sha256File(join(b, file)), `${file} ${which}`);
  }
}

/** Calls back when the run has saved a checkpoint since now. */
export function whenCheckpointed(run: string, then: () => void): void {
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
