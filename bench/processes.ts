/** @module Measurements in separate processes, so that the two sides share no memory. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { HistoError } from "../src/errors/index";
import { projectRoot } from "../src/files/index";
import type { TimeBudget } from "./time-budget";

const run = promisify(execFile);

/** How long a process may take: it gets its share in `HISTO_BENCH_SECONDS`, and is killed when the benchmark ends. */
export interface ProcessTime {
  readonly budget: TimeBudget;
  /** Number of processes that share the remaining time, including this one. Default 1. */
  readonly share?: number;
  /** Variables for the process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a compiled file of bench/ with arguments and parses the JSON on its last line. */
export function measureOurs<T>(time: ProcessTime, file: string, ...args: readonly (string | number)[]): Promise<T> {
  return measure<T>(time, process.execPath, [compiled(file), ...args.map(String)]);
}

/** Runs a Python file of bench/ and parses the JSON on its last line. @throws {HistoError} `PEER_FAILED` */
export function measurePython<T>(
  time: ProcessTime,
  python: string,
  file: string,
  ...args: readonly (string | number)[]
): Promise<T> {
  return measurePeer<T>(time, python, [join(projectRoot(), "bench", file), ...args.map(String)]);
}

/** {@link measurePython} with any arguments for Python. @throws {HistoError} `PEER_FAILED` with the last line of its output */
export function measurePeer<T>(time: ProcessTime, python: string, args: readonly string[]): Promise<T> {
  return ofPeer(python, measure<T>(time, python, args));
}

/** The output of a compiled file of bench/, run with additional environment variables. */
export function outputOfOurs(env: NodeJS.ProcessEnv, file: string): Promise<string> {
  return output(process.execPath, [compiled(file)], { env });
}

/** The output of Python, run with additional environment variables. @throws {HistoError} `PEER_FAILED` */
export function outputOfPython(env: NodeJS.ProcessEnv, python: string, args: readonly string[]): Promise<string> {
  return ofPeer(python, output(python, args, { env }));
}

function compiled(file: string): string {
  return join(projectRoot(), "dist", "bench", file);
}

async function ofPeer<T>(python: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    // execFile's own message repeats the command, which may be a whole program.
    const { stderr = "", signal, code } = error as { stderr?: string; signal?: string; code?: unknown };
    const reason = stderr.trim().split("\n").at(-1) || `it ended with ${signal ?? code}`;
    throw new HistoError("PEER_FAILED", `The peer failed in ${python}: ${reason}`, { cause: error });
  }
}

async function measure<T>(time: ProcessTime, command: string, args: readonly string[]): Promise<T> {
  const { budget, share = 1, env } = time;
  const variables = { HISTO_BENCH_SECONDS: String(budget.left / share), ...env };
  const stdout = await output(command, args, { env: variables, signal: budget.signal });
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as T;
}

async function output(
  command: string,
  args: readonly string[],
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal?: AbortSignal },
): Promise<string> {
  const { stdout } = await run(command, args, {
    maxBuffer: 1 << 26,
    env: { ...process.env, HISTO_ROOT: projectRoot(), ...env },
    ...(signal && { signal, killSignal: "SIGKILL" }),
  });
  return stdout;
}
