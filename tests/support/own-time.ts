/** @module The time a program takes for itself, whatever else runs on the machine. */
import { readFileSync } from "node:fs";

/**
 * Milliseconds on the clock, less those in which the main thread was ready to run and others had the processors. Waiting for a
 * disk, a lock or a timer counts. Linux counts the delay in `/proc/self/schedstat` (nanoseconds, second field); elsewhere it is 0.
 */
export function ownTime(): number {
  return performance.now() - runDelayMs();
}

function runDelayMs(): number {
  if (process.platform !== "linux") return 0;
  return Number(readFileSync("/proc/self/schedstat", "utf8").split(" ")[1]) / 1e6;
}
