/** @module One process of this machine at a time. */
import { randomUUID } from "node:crypto";
import { open, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "./alive";

/** Locks of this process. A file that names this process and is not among them is left from an earlier one with its id. */
const held = new Set<string>();

/** How often to try: of processes that come at the same moment all step back, and one of them comes first the next time. */
const ATTEMPTS = 6;

/**
 * Takes the lock `path` for this process. Each that wants it puts down a file of its own, `path.MACHINE.PROCESS.RANDOM`, and
 * then looks for others: it has the lock where no living process has one there. So no two have it at once, also where they
 * find one whose process has ended. Processes of other machines are not seen.
 * @param path in a folder that exists
 * @param refusal the error where another process has the lock, from its id
 * @returns a function that gives it back
 */
export async function takeLock(path: string, refusal: (holder: number) => Error): Promise<() => Promise<void>> {
  for (let attempt = 1; ; attempt++) {
    const own = `${path}.${hostname()}.${process.pid}.${randomUUID().slice(0, 8)}`;
    held.add(own);
    const giveBack = async () => {
      await rm(own, { force: true });
      held.delete(own);
    };
    try {
      await (await open(own, "wx")).close();
      const holder = await otherHolder(path, own);
      if (holder === undefined) return giveBack;
      if (attempt === ATTEMPTS) throw refusal(holder);
    } catch (error) {
      await giveBack();
      throw error;
    }
    await giveBack();
    await sleep(20 + 60 * Math.random());
  }
}

/** A living process that has a file there; those of processes that have ended are removed. */
async function otherHolder(path: string, own: string): Promise<number | undefined> {
  const prefix = `${basename(path)}.${hostname()}.`;
  for (const name of await readdir(dirname(path))) {
    const file = join(dirname(path), name);
    const pid = name.startsWith(prefix) ? /^(\d+)\.[0-9a-f]{8}$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid === undefined || file === own) continue;
    const holder = Number(pid);
    if (holder === process.pid ? held.has(file) : isAlive(holder)) return holder;
    await rm(file, { force: true });
  }
  return undefined;
}
