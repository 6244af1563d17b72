/** @module The checksums of a run's artifacts, in the spool and as an artifact on the server. */
import { appendFile, readFile, rm, writeFile } from "node:fs/promises";
import { CHECKSUM_FILE, formatChecksums, parseChecksums } from "../client/checksums";
import type { Mlflow } from "../client/mlflow";
import type { SpoolDirectory } from "./spool-directory";

export class SpoolChecksums {
  /** True if only this sender can have uploaded checksums of the run. */
  alone = false;

  constructor(
    private readonly spool: SpoolDirectory,
    private readonly client: Mlflow,
  ) {}

  add(path: string, sha256: string): Promise<void> {
    return appendFile(this.spool.checksums, `${sha256}  ${path}\n`);
  }

  /** The number of checksums in the spool. */
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

  private own(): Promise<string> {
    return readFile(this.spool.checksums, "utf8").catch(() => "");
  }
}
