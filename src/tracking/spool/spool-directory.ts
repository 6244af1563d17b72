/** @module The files of a spool: what a run has logged and how much of it the server has. Small ones are replaced atomically, without fsync. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export class SpoolDirectory {
  constructor(readonly path: string) {}

  /** The journal: one JSON object per line, append-only. */
  get journal(): string {
    return join(this.path, "events.jsonl");
  }
  /** How much of the journal has been sent. Losing it only costs time. */
  get state(): string {
    return join(this.path, "delivery.json");
  }
  /** The lock of the sending process; its files start with this name. */
  get lock(): string {
    return join(this.path, "delivery.lock");
  }
  /** Items that the server rejected, with the reasons. */
  get rejected(): string {
    return join(this.path, "rejected.jsonl");
  }
  /** SHA-256 of everything uploaded. */
  get checksums(): string {
    return join(this.path, "artifacts.sha256");
  }
  /** Content of artifacts until they are sent. */
  get files(): string {
    return join(this.path, "files");
  }
  file(name: string): string {
    return join(this.files, name);
  }
  /** State of an interrupted multipart upload. */
  multipart(name: string): string {
    return join(this.files, `${name}.parts.json`);
  }
  /** Tables so far, so that rows can be added after a restart. */
  table(name: string): string {
    return join(this.path, "tables", name);
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
