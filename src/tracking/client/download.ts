/** @module Downloads one file: streamed, checked, resumable. */
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { sha256File } from "../../files/index";
import { ApiError } from "./errors";
import type { Exchange, Transport } from "./transport";

export type Address = Pick<Exchange, "path" | "headers">;

/** What is known about a file before its download. */
export interface ExpectedFile {
  readonly size?: number | undefined;
  /** Lower-case hex. */
  readonly sha256?: string | undefined;
}

/**
 * Downloads to `target`, which appears whole or not at all. Partial content is in `target.part`; an interrupted download
 * continues from there if the server supports ranges. Does nothing if the target has the expected SHA-256 already.
 * @param source returns the address for each attempt, because signed ones expire
 * @throws {ApiError} status 0 if the content does not have the expected size or SHA-256
 */
export async function downloadFile(
  transport: Transport,
  source: () => Promise<Address>,
  target: string,
  expected: ExpectedFile,
  signal?: AbortSignal,
): Promise<void> {
  const part = `${target}.part`;
  if (expected.sha256 && (await stat(target).catch(() => undefined)) && !(await faultOf(target, expected))) return;
  await mkdir(dirname(target), { recursive: true });
  await transport.withRetries({ signal }, () =>
    fetchRest().catch(async (error: unknown) => {
      if (!(error instanceof ApiError && error.statusCode === 416)) throw error;
      // The partial content is not of this file: once more without it.
      await rm(part, { force: true });
      await fetchRest();
    }),
  );
  const fault = await faultOf(part, expected);
  if (fault) {
    await rm(part, { force: true });
    throw new ApiError(`${target} arrived damaged: ${fault}.`, 0);
  }
  await rename(part, target);

  async function fetchRest(): Promise<void> {
    const have = (await stat(part).catch(() => undefined))?.size ?? 0;
    if (have > 0 && have === expected.size) return;
    const { path, headers } = await source();
    const answer = await transport.open({
      method: "GET",
      path,
      headers: { ...headers, ...(have > 0 ? { range: `bytes=${have}-` } : {}) },
      maxRetries: 0,
      signal,
    });
    await pipeline(answer, createWriteStream(part, { flags: answer.statusCode === 206 ? "a" : "w" }));
  }
}

async function faultOf(path: string, { size, sha256 }: ExpectedFile): Promise<string | undefined> {
  const actual = (await stat(path)).size;
  if (size !== undefined && actual !== size) return `${actual} bytes instead of ${size}`;
  if (sha256 === undefined) return undefined;
  return (await sha256File(path)) === sha256 ? undefined : "its SHA-256 is not the one that was logged";
}
