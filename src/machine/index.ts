/**
 * @module What this process may use, processors and memory, and what it passes to others. A container's or a job's limits count: Node's `os` gives
 * those of the whole machine, and threads beyond the limit only use it up by waiting for each other.
 */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";

/** Number of processors that this process may use; at least 1. Part of a processor counts as one. */
export function usableProcessors(): number {
  return Math.min(availableParallelism(), Math.max(1, Math.ceil(processorLimit())));
}

/** The processor's name, on Linux with family and model, which tell generations apart. @param root folder of `proc` */
export function processorName(root = "/"): string {
  const name = cpus()[0]?.model.trim() || process.arch;
  const text = systemText(join(root, "proc/cpuinfo"));
  const [family, model] = ["cpu family", "model"].map(
    (key) => new RegExp(`^${key}\\s*:\\s*(\\d+)`, "m").exec(text)?.[1],
  );
  return family && model ? `${name}, family ${family}, model ${model}` : name;
}

/** Bytes of memory that this process may use, those in use included. */
export function usableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * Processors that Linux's control groups of this process allow (`docker run --cpus`, Kubernetes' limits, systemd's CPUQuota), such
 * as 1.5; infinity without a limit. Reads both versions of control groups (kernel.org, admin-guide/cgroup-v2 and cgroup-v1).
 * @param root folder of `proc` and `sys`
 */
export function processorLimit(root = "/"): number {
  const groups = systemText(join(root, "proc/self/cgroup")).trim().split("\n");
  let limit = Number.POSITIVE_INFINITY;
  for (const group of groups) {
    const [, controllers = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(group) ?? [];
    const unified = controllers === "";
    if (!unified && !controllers.split(",").includes("cpu")) continue;
    const mount = join(root, "sys/fs/cgroup", unified ? "" : "cpu");
    // Each group is limited by those above it. A container may see its own group as the top one.
    for (let folder = join("/", path); ; folder = dirname(folder)) {
      limit = Math.min(limit, quota(join(mount, folder), unified));
      if (folder === "/") break;
    }
  }
  return limit;
}

/** Processors that one group allows. */
function quota(folder: string, unified: boolean): number {
  const [most = "max", period = "0"] = unified
    ? systemText(join(folder, "cpu.max")).trim().split(" ")
    : ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map((name) => systemText(join(folder, name)).trim());
  // Without a limit, the quota is `max` or -1.
  return Number(most) > 0 && Number(period) > 0 ? Number(most) / Number(period) : Number.POSITIVE_INFINITY;
}

/** The text of a file of the operating system, such as `/proc/cpuinfo`; empty if it cannot be read. */
export function systemText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const SECRET = /KEY|SECRET|TOKEN|PASSWORD|CREDENTIAL/i;
/** An address with a password, as of Redis, a tracking server or a proxy. */
const WITH_PASSWORD = /:\/\/[^/\s]*:[^/\s]*@/;

/** The variables of this process but those whose names say that they are secret, and those whose values are addresses with a password. */
export function environmentWithoutSecrets(): NodeJS.ProcessEnv {
  const isSecret = (name: string, value = "") => SECRET.test(name) || WITH_PASSWORD.test(value);
  return Object.fromEntries(Object.entries(process.env).filter(([name, value]) => !isSecret(name, value)));
}

/** A setting of the GNU C library since version 2.35 (its manual, "Memory Allocation Tunables"). */
const SETTING = "glibc.malloc.hugetlb=1";

/** For 1.4 GB, Linux looked for free pages of this size for 2.5 s. */
const MOST_BYTES = 256e6;

/**
 * Environment variables for a process that reads `bytes` of weights for every image, such as a server's: large allocations ask
 * Linux for pages of 2 MB, with which the processor finds addresses sooner. A process needs them from its start. Empty for more
 * than 256 MB, for which loading would take longer; the user's own choice stays. Other systems ignore them.
 */
export function largePagesFor(bytes: number, env: NodeJS.ProcessEnv = process.env): { GLIBC_TUNABLES?: string } {
  const { GLIBC_TUNABLES: given } = env;
  if (bytes > MOST_BYTES || given?.includes("glibc.malloc.hugetlb")) return {};
  return { GLIBC_TUNABLES: given ? `${given}:${SETTING}` : SETTING };
}

/** Processors in use, on average over the time watched. */
export interface CoresUsed {
  readonly own: number;
  /** Those of other programs; a processor's share that the hypervisor gives away does not count. */
  readonly others: number;
  /** All processors of the machine. */
  readonly all: number;
}

/** Begins to watch the processors, for some tenths of a second. @returns a function that gives the processors used since */
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

/** Runs at most `size` tasks at a time; the others wait in order. */
export class Limit {
  private active = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly size: number) {}

  /** Number of running and waiting tasks. */
  get load(): number {
    return this.active + this.waiting.length;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.active >= this.size) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.active++;
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      // A waiting task takes the place, so that `active` does not change.
      if (next) next();
      else this.active--;
    }
  }
}
