/** @module The checksums of a run's artifacts: kept in the spool, and put on the server beside them. */
import { appendFile, readFile, rm, writeFile } from "node:fs/promises";
import { CHECKSUM_FILE, formatChecksums, parseChecksums } from "../client/checksums";
import type { Mlflow } from "../client/mlflow";
import type { SpoolDirectory } from "./spool-directory";

export class SpoolChecksums {
  /** Nobody but this sender can have put checksums of the run on the server. */
  alone = false;

  constructor(
    private readonly spool: SpoolDirectory,
    private readonly client: Mlflow,
  ) {}

  add(path: string, sha256: string): Promise<void> {
    return appendFile(this.spool.checksums, `${sha256}  ${path}\n`);
  }

  /** How many there are in the spool. */
  async count(): Promise<number> {
    return (await this.own()).split("\n").length - 1;
  }

  /** Puts the list on the server, together with what others have put there. */
  async upload(runId: string): Promise<void> {
    const merged = this.spool.file(CHECKSUM_FILE);
    const others = this.alone ? [] : await this.client.getArtifactClient().checksums(runId, this.spool.files);
    await writeFile(merged, formatChecksums(new Map([...others, ...parseChecksums(await this.own())])));
    await this.client.uploadArtifact(runId, merged, CHECKSUM_FILE);
    await rm(merged, { force: true });
    this.alone = false;
  }

  private own(): Promise<string> {
    return readFile(this.spool.checksums, "utf8").catch(() => "");
  }
}
