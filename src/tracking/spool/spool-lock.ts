/** @module One sender per spool: a lock file with the holder's process, kept fresh while it lives. */
import { randomUUID } from "node:crypto";
import { readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const REFRESH_MS = 5_000;
const STALE_MS = 30_000;

/** How often to try: of processes that come at the same moment all step back, and one of them comes first the next time. */
const ATTEMPTS = 4;

/**
 * Each that wants the lock puts down a file of its own, `PATH.RANDOM`, and then looks for others: it has the lock where no
 * living process has one there. So no two have it at once, also where they find one whose process has ended.
 */
export class SpoolLock {
  private constructor(
    private readonly file: string,
    private readonly timer: NodeJS.Timeout,
  ) {}

  /** Takes the lock; nothing where another living process holds it. */
  static async acquire(path: string): Promise<SpoolLock | undefined> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const file = `${path}.${randomUUID()}`;
      try {
        await writeFile(file, JSON.stringify({ pid: process.pid, host: hostname() }), { flag: "wx" });
        if (await isAlone(path, file)) {
          const refresh = () => void utimes(file, new Date(), new Date()).catch(() => undefined);
          return new SpoolLock(file, setInterval(refresh, REFRESH_MS).unref());
        }
      } catch (error) {
        await rm(file, { force: true });
        throw error;
      }
      await rm(file, { force: true });
      if (attempt < ATTEMPTS) await sleep(10 + 40 * Math.random());
    }
    return undefined;
  }

  async release(): Promise<void> {
    clearInterval(this.timer);
    await rm(this.file, { force: true });
  }
}

/** True where no living process has a file beside `own`; files of those that are gone are removed. */
async function isAlone(path: string, own: string): Promise<boolean> {
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    const file = join(dirname(path), name);
    if (!name.startsWith(prefix) || file === own) continue;
    if (!(await isStale(file))) return false;
    await rm(file, { force: true });
  }
  return true;
}

/** True where the holder is gone: its process on this machine has ended, or it has not been heard of for a while. */
async function isStale(file: string): Promise<boolean> {
  try {
    if (Date.now() - (await stat(file)).mtimeMs > STALE_MS) return true;
    const { pid, host } = JSON.parse(await readFile(file, "utf8")) as { pid: number; host: string };
    return host === hostname() && pid !== process.pid && !isAlive(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
