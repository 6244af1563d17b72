/** @module Runs the command line as a user does. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
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
  const { status, stdout, stderr } = histo(...argv, "--json");
  if (status !== 0) throw new Error(`histo ${argv.join(" ")} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as T;
}
