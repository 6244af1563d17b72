/** @module The folder for the results of a slide: finished results in it, and errors of writing to it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { HistoError, hasErrorCode, InputError, messageOf } from "../errors/index";
import { makeDirectory, readJson, takeLock } from "../files/index";
import type { SlideSummary } from "./predicted-slide";
import { RESULT_FILES } from "./results/index";

const JOURNAL = "answers.jsonl";
/** Errors of a system that has no space left, of one that allows no larger file, and of one that does not allow writing. */
const FULL = ["ENOSPC", "EDQUOT"];
const TOO_LARGE = "EFBIG";
const UNWRITABLE = ["EACCES", "EPERM", "EROFS", "EEXIST", "ENOTDIR", "EISDIR"];

/** The path of the journal, which is removed when the results have been written. */
export function journalPath(folder: string): string {
  return join(folder, JOURNAL);
}

/** Makes the folder. @returns the folders created for it @throws {InputError} `OUT_UNUSABLE` */
export async function makeFolder(folder: string): Promise<string[]> {
  try {
    return await makeDirectory(folder);
  } catch (error) {
    throw hasErrorCode(error, ...FULL) ? error : unusable(error, folder);
  }
}

/**
 * Takes a folder for this process.
 * @returns a function that gives it up
 * @throws {InputError} `OUT_IN_USE` if another process of this machine writes into it
 */
export function lockFolder(folder: string): Promise<() => void> {
  return takeLock(join(folder, ".in-use"), (holder) => {
    const message = `--out: ${folder} is in use by another process (${holder}); wait until it has ended, or name another folder.`;
    return new InputError("OUT_IN_USE", message);
  });
}

/**
 * The summary of a slide that was finished in a folder.
 * @throws {InputError} `OUT_OCCUPIED` if the results are of another slide
 */
export async function finishedSummary(folder: string, slide: string): Promise<SlideSummary | undefined> {
  const path = join(folder, RESULT_FILES.summary);
  if (!existsSync(path)) return undefined;
  const summary = await readJson<SlideSummary>(path);
  if (summary.slide !== slide) {
    const message = `--out: ${folder} has the results of another slide (${summary.slide}); name another folder, or remove them.`;
    throw new InputError("OUT_OCCUPIED", message);
  }
  const complete = Object.values(RESULT_FILES).every((name) => existsSync(join(folder, name)));
  return complete && !existsSync(journalPath(folder)) ? summary : undefined;
}

/** An error of the system while a folder was written, as `DISK_FULL` or `OUT_UNUSABLE`; any other error as it is. */
export function writingError(error: unknown, folder: string): unknown {
  if (hasErrorCode(error, ...UNWRITABLE)) return unusable(error, folder);
  if (!hasErrorCode(error, ...FULL, TOO_LARGE)) return error;
  const [problem, remedy] = hasErrorCode(error, TOO_LARGE)
    ? ["a file becomes larger than this disk or shell (ulimit -f) allows", "raise the limit"]
    : ["no space left", "free some space"];
  const message = `${folder}: ${problem}; the finished part is kept: ${remedy} and add --resume.`;
  const toClient = "The server has no space left for the results.";
  return new HistoError("DISK_FULL", message, { cause: error, toClient });
}

function unusable(error: unknown, folder: string): InputError {
  const message = `--out: ${folder} cannot be written (${messageOf(error)}); name another folder.`;
  const toClient = "The server has no place for the results.";
  return new InputError("OUT_UNUSABLE", message, { cause: error, toClient });
}
