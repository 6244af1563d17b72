/** @module A lock that is refused, in words, where another process has it. */
import { tryLock } from "./lock.cjs";

/**
 * Takes the lock `path` for this process of this machine.
 * @param path in a folder that exists
 * @param refusal the error where another process has the lock, from its id
 * @returns a function that gives it back
 */
export async function takeLock(path: string, refusal: (holder: number) => Error): Promise<() => void> {
  const { release, holder } = await tryLock(path);
  if (release) return release;
  throw refusal(holder);
}
