/**
 * @module Locks between processes. Plain JavaScript, because the set-up needs it before there is a compiler.
 *
 * A process that wants the lock `path` creates its own file `path.MACHINE.PROCESS.RANDOM` and then looks for others. It has
 * the lock if no other living process has such a file. Nobody removes the file of a living process, so two processes never
 * have the lock at once, even if both find the file of an ended process.
 */
const { randomUUID } = require("node:crypto");
const { closeSync, openSync, readdirSync, rmSync, statSync, utimesSync } = require("node:fs");
const { hostname } = require("node:os");
const { basename, dirname, join } = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");

/** Locks of this process. Another file with this process id is left from an earlier process. */
const held = new Set();

/** Number of attempts. Processes that start at the same moment all withdraw and try again at different times. */
const ATTEMPTS = 6;

/**
 * The release of a taken lock, or the id of the process that has it.
 * @typedef {{ readonly release: () => void, readonly holder?: undefined } | { readonly holder: number, readonly release?: undefined }} Taken
 */

/**
 * Takes the lock `path` if no other process has it.
 * @param {string} path in an existing folder
 * @param {{ silentMs?: number }} [options] for folders that machines share: a holder without a sign of life for this long
 *   has ended. Without it, processes of other machines are ignored.
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
 * The process of a lock's file other than `own`. Removes files of ended processes.
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
    // The folder is gone or unreachable: others see that by the file's age.
  }
}

/**
 * True if the process runs on this machine, also for another user.
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
