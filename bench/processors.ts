/** @module Limits the processors that a process may use, where the system has `taskset`. */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

/**
 * Restricts a process and its children to some processors.
 * @param processors such as `0` or `1-3`
 * @throws where the system has no `taskset`
 */
export function keepTo(processors: string, pid: number | string = process.pid): void {
  execFileSync("taskset", ["-acp", processors, String(pid)], { stdio: "ignore" });
}

/** All processors, for {@link keepTo}. */
export function everyProcessor(): string {
  return `0-${availableParallelism() - 1}`;
}
