/** @module Says what holds for a server once a day and machine, however many runs meet it. */
import { createHash } from "node:crypto";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDirectory } from "../../files/index";

const DAY_MS = 24 * 3600 * 1000;

/** True for the first caller in 24 hours; always where the cache folder cannot be written. */
export function isFirstToday(subject: string): boolean {
  const name = createHash("sha1").update(subject).digest("hex").slice(0, 16);
  const stamp = join(cacheDirectory(), "said", name);
  try {
    const age = Date.now() - (statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age < DAY_MS) return false;
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, `${subject}\n`);
  } catch {
    // What cannot be noted is said each time.
  }
  return true;
}
