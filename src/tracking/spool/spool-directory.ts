/** @module The files of a spool: what a run has logged and how much of it the server has. Small ones are replaced atomically, without fsync. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { Folder } from "../../files/index";

export class SpoolDirectory extends Folder {
  /** The journal: one JSON object per line, append-only. */
  readonly journal = this.at("events.jsonl");
  /** How much of the journal has been sent. Losing it only costs time. */
  readonly state = this.at("delivery.json");
  /** The lock of the sending process; its files start with this name. */
  readonly lock = this.at("delivery.lock");
  /** Items that the server rejected, with the reasons. */
  readonly rejected = this.at("rejected.jsonl");
  /** SHA-256 of everything uploaded. */
  readonly checksums = this.at("artifacts.sha256");
  /** Content of artifacts until they are sent. */
  readonly files = this.at("files");

  file(name: string): string {
    return this.at("files", name);
  }
  /** State of an interrupted multipart upload. */
  multipart(name: string): string {
    return this.at("files", `${name}.parts.json`);
  }
  /** Tables so far, so that rows can be added after a restart. */
  table(name: string): string {
    return this.at("tables", name);
  }
}

let serial = 0;

/** The value of a file; undefined if it is missing or incomplete. */
export async function loadJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

/** Replaces a file (readable by its owner only); `undefined` removes it. */
export async function saveJson(path: string, value: unknown): Promise<void> {
  if (value === undefined) return rm(path, { force: true });
  const temporary = `${path}.tmp-${process.pid}-${serial++}`;
  try {
    await writeFile(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
