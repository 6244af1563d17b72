/** @module The folder for the results of a server's slides. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../../src/files/index";

/** Makes the folder of this process, and removes those of servers that were killed. */
export async function makeResultsFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `histo-slides-${process.pid}-`));
  for (const name of await readdir(tmpdir())) {
    const owner = /^histo-slides-(\d+)-/.exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    // It may belong to another user.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
  return folder;
}
