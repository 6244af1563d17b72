/** @module Measurements in processes of their own: a fresh memory, and nothing of the other side in it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { HistoError } from "../src/errors/index";
import { projectRoot } from "../src/files/index";

const run = promisify(execFile);

/** Runs a compiled file of bench/ with arguments and parses the JSON on its last line. */
export function measureOurs<T>(file: string, ...args: readonly (string | number)[]): Promise<T> {
  return measure<T>(process.execPath, [join(projectRoot(), "dist", "bench", file), ...args.map(String)]);
}

/** Runs a Python file of bench/ and parses the JSON on its last line. @throws {HistoError} `PEER_FAILED` */
export function measurePython<T>(python: string, file: string, ...args: readonly (string | number)[]): Promise<T> {
  return measurePeer<T>(python, [join(projectRoot(), "bench", file), ...args.map(String)]);
}

/** {@link measurePython} for any arguments of Python. @throws {HistoError} `PEER_FAILED` with the last line that Python wrote */
export async function measurePeer<T>(python: string, args: readonly string[]): Promise<T> {
  try {
    return await measure<T>(python, args);
  } catch (error) {
    // execFile's own message repeats the command, which may be a whole program.
    const { stderr = "", signal, code } = error as { stderr?: string; signal?: string; code?: unknown };
    const reason = stderr.trim().split("\n").at(-1) || `it ended with ${signal ?? code}`;
    throw new HistoError("PEER_FAILED", `The peer failed in ${python}: ${reason}`, { cause: error });
  }
}

async function measure<T>(command: string, args: readonly string[]): Promise<T> {
  const { stdout } = await run(command, args, {
    maxBuffer: 1 << 26,
    env: { ...process.env, HISTO_ROOT: projectRoot() },
  });
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as T;
}
