/** @module Takes a lock or throws an error that names its holder. */
import { tryLock } from "./lock.cjs";

/**
 * Takes the lock `path` against other processes of this machine.
 * @param path in an existing folder
 * @param refusal makes the error from the id of the process that has the lock
 * @returns a function that releases the lock
 */
export async function takeLock(path: string, refusal: (holder: number) => Error): Promise<() => void> {
  const { release, holder } = await tryLock(path);
  if (release) return release;
  throw refusal(holder);
}
