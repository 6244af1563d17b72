/** @module The files of a spool: what a run has logged and how much of it the server has. One place knows their names. */
import { join } from "node:path";

export class SpoolDirectory {
  constructor(readonly path: string) {}

  /** The journal: one JSON object per line, only ever appended to. */
  get journal(): string {
    return join(this.path, "events.jsonl");
  }
  /** How far the journal has been delivered. Losing it costs time only. */
  get state(): string {
    return join(this.path, "delivery.json");
  }
  /** Held by the one process that delivers; its files begin with this name. */
  get lock(): string {
    return join(this.path, "delivery.lock");
  }
  /** What the server refused, with its reason. */
  get rejected(): string {
    return join(this.path, "rejected.jsonl");
  }
  /** SHA-256 of everything uploaded. */
  get checksums(): string {
    return join(this.path, "artifacts.sha256");
  }
  /** Content of artifacts until they are delivered. */
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
