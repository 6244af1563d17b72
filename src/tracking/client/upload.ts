/** @module Uploads one file: through the server's proxy, to a signed address, or in parts directly to the object store. */
import { createHash } from "node:crypto";
import type { Writable } from "node:stream";
import { folderOf, proxyPath } from "./artifact-location";
import { ApiError } from "./errors";
import { hashFile, type LocalFile, writeSlices } from "./file-slices";
import type { Transport } from "./transport";

const PARTS_AT_ONCE = 2;
/** S3's limit. */
const MOST_PARTS = 10_000;

/** The state of a multipart upload, which can continue after a crash. It is secret, because it has signed addresses. */
export interface MultipartState {
  readonly uploadId: string;
  readonly partBytes: number;
  readonly parts: readonly { readonly url: string; readonly headers: Record<string, string>; etag?: string }[];
}

/** Stores a {@link MultipartState}. */
export interface MultipartMemory {
  load(): Promise<MultipartState | undefined>;
  save(state: MultipartState | undefined): Promise<void>;
}

/** Uploads a file in one request and returns its SHA-256. */
export async function putFile(
  transport: Transport,
  path: string,
  file: LocalFile,
  options: { headers?: Record<string, string>; signal?: AbortSignal; maxRetries?: number } = {},
): Promise<string> {
  let hash = createHash("sha256");
  const body = {
    length: file.size,
    writeTo: (request: Writable) => {
      hash = createHash("sha256");
      return writeSlices(request, file, (slice) => hash.update(slice));
    },
  };
  await transport.put({ method: "PUT", path, body, ...options });
  return hash.digest("hex");
}

const UNREACHABLE = new Set(["ENOTFOUND", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"]);

/** Also 403: signed addresses end after an hour, which is too short for a large file on a slow line. */
const CLOSED_STATUS: readonly number[] = [403, 404, 501, 503];

/**
 * True if the object store cannot be used from this machine and the proxy should be tried: unreachable, unsupported, refusing
 * the signed addresses, or with a certificate that this machine does not trust.
 */
export function directWayClosed(error: unknown): boolean {
  if (error instanceof ApiError) return CLOSED_STATUS.includes(error.statusCode);
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code !== undefined && (UNREACHABLE.has(code) || /CERT|SELF_SIGNED|VERIFY/.test(code));
}

/**
 * Uploads a file to the object store in parts, to addresses signed by the server. Each part has its MD5, which S3 checks.
 * Continues an interrupted upload if `memory` has one.
 * @returns the file's SHA-256
 */
export async function putInParts(
  transport: Transport,
  root: string,
  artifact: string,
  file: LocalFile,
  partBytes: number,
  memory?: MultipartMemory,
  signal?: AbortSignal,
): Promise<string> {
  const name = artifact.slice(artifact.lastIndexOf("/") + 1);
  const route = (action: string) => proxyPath(`mpu/${action}`, root, folderOf(artifact) ?? "");
  const cancel = signal ? { signal } : {};
  const earlier = await memory?.load();
  const state = earlier ?? (await begin());
  await memory?.save(state);
  try {
    const sha256 = await sendParts();
    await transport.call({
      method: "POST",
      path: route("complete"),
      json: {
        path: name,
        upload_id: state.uploadId,
        parts: state.parts.map(({ url, etag }, index) => ({ part_number: index + 1, etag, url })),
      },
      ...cancel,
    });
    await memory?.save(undefined);
    return sha256;
  } catch (error) {
    // A rejection (addresses expired, upload removed) ends this upload; after any other error it can continue later.
    if (!(error instanceof ApiError) || error.statusCode >= 500) {
      if (!directWayClosed(error)) throw error;
    }
    await memory?.save(undefined);
    await transport
      .call({ method: "POST", path: route("abort"), json: { path: name, upload_id: state.uploadId }, maxRetries: 0 })
      .catch(() => undefined);
    if (earlier && error instanceof ApiError) {
      return putInParts(transport, root, artifact, file, partBytes, memory, signal);
    }
    throw error;
  }

  async function begin(): Promise<MultipartState> {
    const bytes = Math.max(partBytes, Math.ceil(file.size / MOST_PARTS));
    const json = { path: name, num_parts: Math.ceil(file.size / bytes) };
    const answer = await transport.call<{
      upload_id: string;
      credentials: { url: string; part_number: number; headers?: Record<string, string> }[];
    }>({ method: "POST", path: route("create"), json, idempotent: false, ...cancel });
    const parts = [...answer.credentials].sort((a, b) => a.part_number - b.part_number);
    return {
      uploadId: answer.upload_id,
      partBytes: bytes,
      parts: parts.map(({ url, headers = {} }) => ({ url, headers })),
    };
  }

  /** Hashes the parts in order and sends each as soon as its MD5 is known, a few in parallel. */
  async function sendParts(): Promise<string> {
    const whole = createHash("sha256");
    const underway = new Set<Promise<void>>();
    let failure: unknown;
    for (const [index, part] of state.parts.entries()) {
      const start = index * state.partBytes;
      const end = Math.min(file.size, start + state.partBytes);
      const md5 = createHash("md5");
      await hashFile(file.path, [whole, md5], start, end);
      if (part.etag) continue;
      const sending = sendPart(part, start, end, md5.digest("base64"))
        .catch((error: unknown) => {
          failure ??= error ?? new Error("a part failed");
        })
        .finally(() => underway.delete(sending));
      underway.add(sending);
      if (underway.size >= PARTS_AT_ONCE) await Promise.race(underway);
      if (failure) break;
    }
    await Promise.all(underway);
    if (failure) throw failure;
    return whole.digest("hex");
  }

  async function sendPart(part: MultipartState["parts"][number], start: number, end: number, md5: string) {
    // Only version 4 signatures allow a header that is not signed.
    const checked = part.url.includes("X-Amz-Algorithm") ? { "content-md5": md5 } : {};
    const { etag = "" } = await transport.put({
      method: "PUT",
      path: part.url,
      headers: { ...part.headers, ...checked },
      body: { length: end - start, writeTo: (request) => writeSlices(request, file, undefined, start, end) },
      ...cancel,
    });
    part.etag = etag;
    await memory?.save(state);
  }
}
