/** @module Values that are kept on disk for later runs. Where they cannot be, such as on a full disk, this run goes on with what it has. */
import { hasErrorCode, messageOf } from "../errors/index";
import type { Progress } from "../progress/index";

/**
 * Writes a value that a later run could compute again. A failure costs that run time, but not this one its work.
 * @param what the values in words, in the plural
 * @returns whether it was written; otherwise the user has been told
 */
export async function kept(what: string, write: () => Promise<void>, progress: Progress): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    const why = hasErrorCode(error, "ENOSPC", "EDQUOT") ? "the disk is full" : messageOf(error);
    progress.say(`Warning: ${what} could not be kept for later runs, which will compute them again (${why}).`);
    return false;
  }
}
