/** @module Measurements in processes of their own: a fresh memory, and nothing of the other side in it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "../src/files/index";

const run = promisify(execFile);

/** Runs a compiled file of bench/ with arguments and parses the JSON on its last line. */
export function measureOurs<T>(file: string, ...args: readonly (string | number)[]): Promise<T> {
  return measure<T>(process.execPath, [join(projectRoot(), "dist", "bench", file), ...args.map(String)]);
}

/** Runs a Python file of bench/ and parses the JSON on its last line. */
export function measurePython<T>(python: string, file: string, ...args: readonly (string | number)[]): Promise<T> {
  return measure<T>(python, [join(projectRoot(), "bench", file), ...args.map(String)]);
}

async function measure<T>(command: string, args: readonly string[]): Promise<T> {
  const { stdout } = await run(command, args, {
    maxBuffer: 1 << 26,
    env: { ...process.env, HISTO_ROOT: projectRoot() },
  });
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as T;
}
