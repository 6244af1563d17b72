/** @module Memory, open files and threads of the processes of a container. Linux only. */
import { readdir, readFile } from "node:fs/promises";

/** Sums over a process and all its descendants. */
export interface Held {
  /** Resident memory in MB (10^6 bytes). */
  readonly memoryMb: number;
  readonly descriptors: number;
  readonly threads: number;
}

/** Measures a process and its descendants. @throws where the process has ended */
export async function heldBy(pid: number): Promise<Held> {
  const each = await Promise.all([pid, ...(await descendantsOf(pid))].map(heldByOne));
  const sum = (key: keyof Held) => each.reduce((total, held) => total + held[key], 0);
  return { memoryMb: sum("memoryMb"), descriptors: sum("descriptors"), threads: sum("threads") };
}

async function heldByOne(pid: number): Promise<Held> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  const descriptors = (await readdir(`/proc/${pid}/fd`)).length;
  return { memoryMb: (field("VmRSS") * 1024) / 1e6, descriptors, threads: field("Threads") };
}

async function descendantsOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const texts = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => "")),
  );
  const children = texts.join(" ").split(" ").filter(Boolean).map(Number);
  const further = await Promise.all(children.map(descendantsOf));
  return [...children, ...further.flat()];
}
