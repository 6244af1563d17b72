/** @module One sender per spool: a lock file with the holder's process, kept fresh while it lives. */
import { open, readFile, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";

const REFRESH_MS = 5_000;
const STALE_MS = 30_000;

export class SpoolLock {
  private constructor(
    private readonly path: string,
    private readonly timer: NodeJS.Timeout,
  ) {}

  /** Takes the lock; nothing where another living process holds it. */
  static async acquire(path: string): Promise<SpoolLock | undefined> {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const handle = await open(path, "wx");
        await handle.writeFile(JSON.stringify({ pid: process.pid, host: hostname() }));
        await handle.close();
        const refresh = () => void utimes(path, new Date(), new Date()).catch(() => undefined);
        return new SpoolLock(path, setInterval(refresh, REFRESH_MS).unref());
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      if (!(await isStale(path))) return undefined;
      await rm(path, { force: true });
    }
    return undefined;
  }

  async release(): Promise<void> {
    clearInterval(this.timer);
    await rm(this.path, { force: true });
  }
}

/** True where the holder is gone: its process on this machine has ended, or it has not been heard of for a while. */
async function isStale(path: string): Promise<boolean> {
  try {
    if (Date.now() - (await stat(path)).mtimeMs > STALE_MS) return true;
    const { pid, host } = JSON.parse(await readFile(path, "utf8")) as { pid: number; host: string };
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
