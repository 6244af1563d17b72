/** @module Runs the command line as a user does, or in this process. */
import { AsyncLocalStorage } from "node:async_hooks";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { main } from "../../src/cli/main";
import { projectRoot } from "../../src/files/index";

/** What a finished command left behind. */
export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `histo` to its end. */
export function histo(...argv: readonly string[]): Finished {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(projectRoot(), "bin", "histo.cjs"), ...argv], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** Runs `histo ... --json` and returns the object on the last line of its standard output. */
export function histoJson<T>(...argv: readonly string[]): T {
  return lastLine(argv, histo(...argv, "--json"));
}

/** Where the output of a command in this process goes. */
const captured = new AsyncLocalStorage<{ stdout: string; stderr: string }>();

for (const name of ["stdout", "stderr"] as const) {
  const stream = process[name];
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  // Whatever else this process writes, such as the results of tests, goes where it went.
  stream.write = (...args: unknown[]) => {
    const texts = captured.getStore();
    if (!texts) return write(...args);
    texts[name] += args[0];
    for (const done of args) if (typeof done === "function") queueMicrotask(() => done());
    return true;
  };
}

/** Does what {@link histo} does without the start of a process, one command at a time. */
export async function histoHere(...argv: readonly string[]): Promise<Finished> {
  const texts = { stdout: "", stderr: "" };
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await captured.run(texts, () => main(argv));
    return { status: Number(process.exitCode ?? 0), ...texts };
  } finally {
    process.exitCode = before;
  }
}

/** {@link histoJson} without the start of a process. */
export async function histoJsonHere<T>(...argv: readonly string[]): Promise<T> {
  return lastLine(argv, await histoHere(...argv, "--json"));
}

function lastLine<T>(argv: readonly string[], { status, stdout, stderr }: Finished): T {
  if (status !== 0) throw new Error(`histo ${argv.join(" ")} ended with ${status}: ${stderr}`);
  return lastJson(stdout);
}

/** Parses the last line of a command's standard output. */
export function lastJson<T>(stdout: string): T {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as T;
}
