/**
 * @module The processors and the memory that this process may use. A container's or a job's limits count: Node's `os` gives
 * those of the whole machine, and threads beyond the limit only use it up by waiting for each other.
 */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";

export { environmentWithoutSecrets } from "./environment";
export { largePagesFor } from "./large-pages";
export { Limit } from "./limit";
export { type CoresUsed, watchCores } from "./watch-cores";

/** Number of processors that this process may use; at least 1. Part of a processor counts as one. */
export function usableProcessors(): number {
  return Math.min(availableParallelism(), Math.max(1, Math.ceil(processorLimit())));
}

/**
 * The processor's name; on Linux with family and model, because one name may stand for several generations.
 * @param root folder of `proc`
 */
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
