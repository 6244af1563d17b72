/** @module Uploads one file: through the server's proxy, to a signed address, or in parts directly to the object store. */
import { createHash, type Hash } from "node:crypto";
import { open } from "node:fs/promises";
import type { Writable } from "node:stream";
import { folderOf, proxyPath } from "./artifact-location";
import { ApiError, TrackingInputError } from "./errors";
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

interface MultipartOrder {
  /** Path of the artifact root at the server. */
  readonly root: string;
  readonly artifact: string;
  readonly file: LocalFile;
  readonly partBytes: number;
  readonly memory?: MultipartMemory | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Uploads a file to the object store in parts, to addresses signed by the server. Each part has its MD5, which S3 checks.
 * Continues an interrupted upload if `memory` has one.
 * @returns the file's SHA-256
 */
export async function putInParts(transport: Transport, order: MultipartOrder): Promise<string> {
  const { memory } = order;
  const earlier = await memory?.load();
  const upload = new MultipartUpload(transport, order);
  const state = earlier ?? (await upload.begin());
  await memory?.save(state);
  try {
    const sha256 = await upload.sendParts(state);
    await upload.complete(state);
    await memory?.save(undefined);
    return sha256;
  } catch (error) {
    // A rejection (addresses expired, upload removed) ends this upload; after any other error it can continue later.
    const isRejected = error instanceof ApiError && error.statusCode < 500;
    if (!isRejected && !directWayClosed(error)) throw error;
    await memory?.save(undefined);
    await upload.abort(state);
    if (earlier && error instanceof ApiError) return putInParts(transport, order);
    throw error;
  }
}

class MultipartUpload {
  private readonly name: string;

  constructor(
    private readonly transport: Transport,
    private readonly order: MultipartOrder,
  ) {
    this.name = order.artifact.slice(order.artifact.lastIndexOf("/") + 1);
  }

  async begin(): Promise<MultipartState> {
    const { file, partBytes: least, signal } = this.order;
    const partBytes = Math.max(least, Math.ceil(file.size / MOST_PARTS));
    const json = { path: this.name, num_parts: Math.ceil(file.size / partBytes) };
    const answer = await this.transport.call<{
      upload_id: string;
      credentials: { url: string; part_number: number; headers?: Record<string, string> }[];
    }>({ method: "POST", path: this.route("create"), json, idempotent: false, signal });
    const parts = [...answer.credentials].sort((a, b) => a.part_number - b.part_number);
    return {
      uploadId: answer.upload_id,
      partBytes,
      parts: parts.map(({ url, headers = {} }) => ({ url, headers })),
    };
  }

  /** Hashes the parts in order and sends each as soon as its MD5 is known, a few in parallel. @returns the file's SHA-256 */
  async sendParts(state: MultipartState): Promise<string> {
    const { file } = this.order;
    const whole = createHash("sha256");
    const underway = new Set<Promise<void>>();
    let failure: unknown;
    for (const [index, part] of state.parts.entries()) {
      const start = index * state.partBytes;
      const end = Math.min(file.size, start + state.partBytes);
      const md5 = createHash("md5");
      await hashFile(file.path, [whole, md5], start, end);
      if (part.etag) continue;
      const sending = this.sendPart(part, start, end, md5.digest("base64"))
        .then(() => this.order.memory?.save(state))
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

  private async sendPart(
    part: MultipartState["parts"][number],
    start: number,
    end: number,
    md5: string,
  ): Promise<void> {
    // Only version 4 signatures allow a header that is not signed.
    const checked = part.url.includes("X-Amz-Algorithm") ? { "content-md5": md5 } : {};
    const { etag = "" } = await this.transport.put({
      method: "PUT",
      path: part.url,
      headers: { ...part.headers, ...checked },
      body: { length: end - start, writeTo: (request) => writeSlices(request, this.order.file, undefined, start, end) },
      signal: this.order.signal,
    });
    part.etag = etag;
  }

  async complete({ uploadId, parts }: MultipartState): Promise<void> {
    const json = {
      path: this.name,
      upload_id: uploadId,
      parts: parts.map(({ url, etag }, index) => ({ part_number: index + 1, etag, url })),
    };
    await this.transport.call({ method: "POST", path: this.route("complete"), json, signal: this.order.signal });
  }

  /** Removes what was sent, if the server can. */
  async abort({ uploadId }: MultipartState): Promise<void> {
    const json = { path: this.name, upload_id: uploadId };
    await this.transport
      .call({ method: "POST", path: this.route("abort"), json, maxRetries: 0 })
      .catch(() => undefined);
  }

  private route(action: string): string {
    return proxyPath(`mpu/${action}`, this.order.root, folderOf(this.order.artifact) ?? "");
  }
}

/** Large enough that calls cost nothing, small enough that hashing one blocks for less than a millisecond. */
const SLICE_BYTES = 1 << 20;

/** A file, as it was when its upload started. */
interface LocalFile {
  readonly path: string;
  readonly size: number;
}

/** The bytes from `start` to `end` of a file, or to its end. Each slice is valid until the next one. */
async function* slicesOf(path: string, start: number, end: number): AsyncGenerator<Buffer> {
  const handle = await open(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(Math.min(SLICE_BYTES, end - start));
    for (let position = start; position < end; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - position), position);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      position += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

async function hashFile(path: string, hashes: readonly Hash[], start: number, end: number): Promise<void> {
  for await (const slice of slicesOf(path, start, end)) for (const hash of hashes) hash.update(slice);
}

/**
 * Writes the bytes from `start` to `end` of a file and ends `target`. `onSlice` gets each slice while it is being sent.
 * @throws {TrackingInputError} `ARTIFACT_CHANGED` if the file has become shorter
 */
async function writeSlices(
  target: Writable,
  { path, size }: LocalFile,
  onSlice: (slice: Buffer) => void = () => undefined,
  start = 0,
  end = size,
): Promise<void> {
  try {
    let position = start;
    for await (const slice of slicesOf(path, start, end)) {
      // Reading ahead is slower, as measured: the system's socket buffers are enough.
      const sending = write(target, slice);
      onSlice(slice);
      await sending;
      position += slice.length;
    }
    if (position < end) throw new TrackingInputError("ARTIFACT_CHANGED", `${path} became shorter while it was sent.`);
    target.end();
  } catch (error) {
    target.destroy(error as Error);
    throw error;
  }
}

/** Resolves when the slice's buffer may be used again. */
function write(target: Writable, slice: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    // A connection that closes before it is established silently drops pending writes.
    const onClose = () => reject(new Error("the connection was closed"));
    target.once("close", onClose);
    target.write(slice, (error) => {
      target.off("close", onClose);
      if (error) reject(error);
      else resolve();
    });
  });
}
