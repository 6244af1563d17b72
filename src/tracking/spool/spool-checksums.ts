/** @module The checksums of a run's artifacts, in the spool and as an artifact on the server. */
import { open, readFile, rm, writeFile } from "node:fs/promises";
import { CHECKSUM_FILE, formatChecksums, parseChecksums } from "../client/artifact-client";
import type { Mlflow } from "../client/mlflow";
import type { SpoolDirectory } from "./spool-directory";

export class SpoolChecksums {
  /** True if only this sender can have uploaded checksums of the run. */
  alone = false;
  /** The last line may be incomplete. */
  private torn = true;
  /** Lines that the disk has not taken yet. */
  private waiting = "";

  constructor(
    private readonly spool: SpoolDirectory,
    private readonly client: Mlflow,
  ) {}

  /** @throws errors of the file system, after which the checksum waits in memory for the next one */
  async add(path: string, sha256: string): Promise<void> {
    this.waiting += `${sha256}  ${path}\n`;
    const file = await open(this.spool.checksums, "a+");
    try {
      // A line that a kill or a full disk has cut off would take this one in.
      if (this.torn) await file.truncate(Buffer.byteLength(wholeLines(await file.readFile("utf8"))));
      this.torn = true;
      await file.appendFile(this.waiting);
      this.waiting = "";
      this.torn = false;
    } finally {
      await file.close();
    }
  }

  async count(): Promise<number> {
    return (await this.own()).split("\n").length - 1;
  }

  /** Uploads the list, merged with the list on the server. */
  async upload(runId: string): Promise<void> {
    const merged = this.spool.file(CHECKSUM_FILE);
    const others = this.alone ? [] : await this.client.getArtifactClient().checksums(runId, this.spool.files);
    await writeFile(merged, formatChecksums(new Map([...others, ...parseChecksums(await this.own())])));
    await this.client.uploadArtifact(runId, merged, CHECKSUM_FILE);
    await rm(merged, { force: true });
    this.alone = false;
  }

  private async own(): Promise<string> {
    return wholeLines(await readFile(this.spool.checksums, "utf8").catch(() => "")) + this.waiting;
  }
}

function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}
