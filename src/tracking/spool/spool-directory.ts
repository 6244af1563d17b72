/** @module The names of the files of a spool: what a run has logged and how much of it the server has. */
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
