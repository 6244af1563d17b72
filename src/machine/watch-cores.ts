/** @module What this process and other programs use of the machine's processors. */
import { cpus } from "node:os";

/** Processors in use, on average over the time watched. */
export interface CoresUsed {
  readonly own: number;
  /** Those of other programs; a processor's share that the hypervisor gives away does not count. */
  readonly others: number;
  /** All processors of the machine. */
  readonly all: number;
}

/**
 * Begins to watch the processors. The system counts in steps of about 10 ms, so watch for some tenths of a second.
 * @returns a function that gives the processors used since
 */
export function watchCores(): () => CoresUsed {
  const [started, before, busyBefore] = [performance.now(), process.cpuUsage(), busyMs()];
  return () => {
    const milliseconds = performance.now() - started;
    const { user, system } = process.cpuUsage(before);
    const own = (user + system) / 1000 / milliseconds;
    const others = Math.max(0, (busyMs() - busyBefore) / milliseconds - own);
    return { own, others, all: cpus().length };
  };
}

/** Milliseconds for which the machine's processors have computed, all together. */
function busyMs(): number {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
}
