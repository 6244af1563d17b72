/**
 * @module One process at a time. Plain JavaScript, because the set-up needs it before there is a compiler.
 *
 * Each that wants the lock `path` puts down a file of its own, `path.MACHINE.PROCESS.RANDOM`, and then looks for others: it
 * has the lock where no living process has one there. Nobody ever removes what a living process has put down, so no two have
 * the lock at once, also where they find one whose process has ended.
 */
const { randomUUID } = require("node:crypto");
const { closeSync, openSync, readdirSync, rmSync, statSync, utimesSync } = require("node:fs");
const { hostname } = require("node:os");
const { basename, dirname, join } = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");

/** Locks of this process. A file that names this process and is not among them is left from an earlier one with its id. */
const held = new Set();

/** How often to try: of processes that come at the same moment all step back, and one of them comes first the next time. */
const ATTEMPTS = 6;

/**
 * A lock, or the process that has it.
 * @typedef {{ readonly release: () => void, readonly holder?: undefined } | { readonly holder: number, readonly release?: undefined }} Taken
 */

/**
 * Takes the lock `path` where no other process has it.
 * @param {string} path in a folder that exists
 * @param {{ silentMs?: number }} [options] where other machines see the folder too: a holder that has not been heard of for so
 *   long is gone. Without it, processes of other machines are not seen.
 * @returns {Promise<Taken>}
 */
async function tryLock(path, { silentMs } = {}) {
  for (let attempt = 1; ; attempt++) {
    const own = `${path}.${hostname()}.${process.pid}.${randomUUID().slice(0, 8)}`;
    held.add(own);
    /** @type {NodeJS.Timeout | undefined} */
    let heartbeat;
    const release = () => {
      clearInterval(heartbeat);
      rmSync(own, { force: true });
      held.delete(own);
    };
    try {
      closeSync(openSync(own, "wx"));
      const holder = otherHolder(path, own, silentMs);
      if (holder === undefined) {
        if (silentMs !== undefined) heartbeat = setInterval(() => touch(own), silentMs / 6).unref();
        return { release };
      }
      release();
      if (attempt === ATTEMPTS) return { holder };
    } catch (error) {
      release();
      throw error;
    }
    await sleep(20 + 60 * Math.random());
  }
}

/**
 * The process of a lock's file that is not `own` and not left behind; files that are left behind are removed.
 * @param {string} path
 * @param {string} own
 * @param {number | undefined} silentMs
 */
function otherHolder(path, own, silentMs) {
  const prefix = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    const file = join(dirname(path), name);
    const parts = name.startsWith(prefix) ? /^(.+)\.(\d+)\.[0-9a-f]{8}$/.exec(name.slice(prefix.length)) : null;
    if (!parts || file === own) continue;
    const isHere = parts[1] === hostname();
    const pid = Number(parts[2]);
    if (!isHere && silentMs === undefined) continue;
    if (!isLeft(file, { isHere, pid, silentMs })) return pid;
    rmSync(file, { force: true });
  }
  return undefined;
}

/**
 * @param {string} file
 * @param {{ isHere: boolean, pid: number, silentMs: number | undefined }} holder
 */
function isLeft(file, { isHere, pid, silentMs }) {
  if (isHere && pid !== process.pid && !isAlive(pid)) return true;
  if (silentMs === undefined) return pid === process.pid && !held.has(file);
  const seen = statSync(file, { throwIfNoEntry: false });
  return !seen || Date.now() - seen.mtimeMs > silentMs;
}

/** @param {string} file */
function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // A folder that is gone or cannot be reached for a while: others see that by the file's age.
  }
}

/**
 * True while the process lives on this machine, whoever's it is.
 * @param {number} pid
 */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

module.exports = { isAlive, tryLock };
