/** @module The files of a run: upload and download, streamed in constant memory. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ArtifactRoot, artifactPath, artifactRoot, folderOf, proxyPath, storablePath } from "./artifact-location";
import { type Address, downloadFile, type ExpectedFile } from "./download";
import { ApiError } from "./errors";
import type { RunClient } from "./run-client";
import { pagesOf, type Transport } from "./transport";
import { directWayClosed, type MultipartMemory, putFile, putInParts } from "./upload";
import type { FileInfo, ServerInfo } from "./values";

export const CHECKSUM_FILE = "artifacts.sha256";

/** Artifact path to lower-case hex. */
type Checksums = Map<string, string>;

export function parseChecksums(text: string): Checksums {
  const lines = text.matchAll(/^([0-9a-f]{64}) [ *](.+)$/gm);
  return new Map([...lines].map(([, sha256 = "", path = ""]) => [path, sha256]));
}

export function formatChecksums(checksums: Checksums): string {
  return [...checksums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, sha256]) => `${sha256}  ${path}\n`)
    .join("");
}

interface UploadOptions {
  readonly signal?: AbortSignal;
  /** Lets a multipart upload continue after a crash. */
  readonly memory?: MultipartMemory;
  readonly maxRetries?: number;
}

type Signed<Key extends string> = { readonly [key in Key]: string } & { readonly headers?: Record<string, string> };

export class ArtifactClient {
  private info: Promise<ServerInfo> | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly runs: RunClient,
  ) {}

  /** The capabilities of the server; empty for servers that are too old to report them. */
  serverInfo(): Promise<ServerInfo> {
    this.info ??= this.transport
      .call<ServerInfo>({ method: "GET", path: "/api/3.0/mlflow/server-info" })
      .catch((error: unknown) => {
        this.info = undefined;
        if (error instanceof ApiError && error.statusCode < 500) return {};
        throw error;
      });
    return this.info;
  }

  /**
   * Uploads a file to `path` below the run's artifact root: a large one in parts directly to the object store if the server
   * supports that, others in one streamed request. Returns the path below that root under which it is stored.
   */
  async uploadArtifact(run_id: string, localPath: string, path: string, options: UploadOptions = {}) {
    const target = storablePath(path);
    const file = { path: localPath, size: (await stat(localPath)).size };
    const root = await this.root(run_id);
    const sha256 = await this.send(run_id, root, target, file, options);
    return { path: target, size: file.size, sha256 };
  }

  /** Uploads a file to `path` below an artifact root that the server proxies, such as that of a logged model. */
  async uploadBelow(artifactUri: string, localPath: string, path: string, options: UploadOptions = {}): Promise<void> {
    const file = { path: localPath, size: (await stat(localPath)).size };
    await this.send(undefined, artifactRoot(artifactUri), storablePath(path), file, options);
  }

  /** @param run_id undefined for files outside a run, whose size is not checked after a multipart upload */
  private async send(
    run_id: string | undefined,
    root: ArtifactRoot,
    target: string,
    file: { path: string; size: number },
    { memory, ...request }: UploadOptions,
  ): Promise<string> {
    if (root.kind === "presigned") {
      const { path, headers } = await this.presigned("upload", run_id, target);
      return putFile(this.transport, path, file, { headers, ...request });
    }
    const { multipartMinimumBytes, multipartPartBytes } = this.transport.settings;
    if (file.size >= multipartMinimumBytes && (await this.serverInfo()).multipart_uploads_enabled) {
      try {
        const { signal } = request;
        const order = { root: root.path, artifact: target, file, partBytes: multipartPartBytes, memory, signal };
        const sha256 = await putInParts(this.transport, order);
        if (run_id !== undefined) await this.confirm(run_id, target, file.size);
        return sha256;
      } catch (error) {
        if (!directWayClosed(error)) throw error;
      }
    }
    return putFile(this.transport, proxyPath("artifacts", root.path, target), file, request);
  }

  /** Checks that all parts were joined. (A single request has a length, so it succeeds as a whole or fails.) */
  private async confirm(run_id: string, target: string, size: number): Promise<void> {
    const stored = (await this.find(run_id, target))?.file_size;
    if (stored === undefined || stored === size) return;
    throw new ApiError(`The server holds ${stored} bytes of ${target} instead of ${size}.`, 500);
  }

  /** Downloads one file and checks its content, if {@link ExpectedFile} is given. */
  async downloadArtifact(
    run_id: string,
    path: string,
    localPath: string,
    expected: ExpectedFile = {},
    signal?: AbortSignal,
  ): Promise<void> {
    const root = await this.root(run_id);
    const source = artifactPath(path);
    const from = (address: () => Promise<Address>) =>
      downloadFile(this.transport, address, localPath, expected, signal);
    if (root.kind === "presigned") return from(() => this.presigned("download", run_id, source));
    if ((await this.serverInfo()).multipart_downloads_enabled) {
      try {
        return await from(() => this.signedByProxy(proxyPath("presigned", root.path, source)));
      } catch (error) {
        if (!directWayClosed(error)) throw error;
      }
    }
    await from(async () => ({ path: proxyPath("artifacts", root.path, source) }));
  }

  /**
   * Downloads a file or folder of a run (default: everything) into `directory` with the same relative paths. Checks sizes, and
   * SHA-256 for files that this client logged.
   * @returns the artifact paths that were downloaded
   */
  async downloadArtifacts(
    run_id: string,
    directory: string,
    path?: string,
    options: { signal?: AbortSignal; only?: (file: FileInfo) => boolean } = {},
  ): Promise<string[]> {
    const checksums = await this.checksums(run_id, directory);
    const fetched: string[] = [];
    for await (const file of this.walkArtifacts(run_id, path)) {
      if (file.path === CHECKSUM_FILE || !(options.only?.(file) ?? true)) continue;
      const expected = { size: file.file_size, sha256: checksums.get(file.path) };
      const target = join(directory, artifactPath(file.path));
      await this.downloadArtifact(run_id, file.path, target, expected, options.signal);
      fetched.push(file.path);
    }
    if (fetched.length === 0) throw new ApiError(`Run ${run_id} has no artifact ${path ?? ""}`.trimEnd(), 404);
    return fetched;
  }

  /** All files of a run below `path`, or the file `path` itself. */
  async *walkArtifacts(run_id: string, path?: string): AsyncGenerator<FileInfo> {
    let found = false;
    for await (const { files } of pagesOf((token) => this.runs.listArtifacts(run_id, path, token))) {
      for (const file of files) {
        found = true;
        if (file.is_dir) yield* this.walkArtifacts(run_id, file.path);
        else yield file;
      }
    }
    if (found || !path) return;
    const file = await this.find(run_id, artifactPath(path));
    if (file && !file.is_dir) yield file;
  }

  /** The run's checksums, or an empty list. Leaves the file in `directory`. */
  async checksums(run_id: string, directory: string): Promise<Checksums> {
    if (!(await this.find(run_id, CHECKSUM_FILE))) return new Map();
    const target = join(directory, CHECKSUM_FILE);
    await this.downloadArtifact(run_id, CHECKSUM_FILE, target);
    return parseChecksums(await readFile(target, "utf8"));
  }

  async has(run_id: string, path: string): Promise<boolean> {
    const found = await this.find(run_id, path);
    return found !== undefined && !found.is_dir;
  }

  private async find(run_id: string, path: string): Promise<FileInfo | undefined> {
    for await (const { files } of pagesOf((token) => this.runs.listArtifacts(run_id, folderOf(path), token))) {
      const file = files.find((candidate) => candidate.path === path);
      if (file) return file;
    }
    return undefined;
  }

  private async signedByProxy(path: string): Promise<Address> {
    const { url, headers = {} } = await this.transport.call<Signed<"url">>({ method: "GET", path });
    return { path: url, headers };
  }

  private async presigned(way: "upload" | "download", run_id: string | undefined, path: string) {
    const { presigned_url, headers = {} } = await this.transport.call<Signed<"presigned_url">>({
      method: "POST",
      path: `/api/2.0/mlflow/artifacts/presigned-${way}-url`,
      json: { run_id, path },
    });
    return { path: presigned_url, headers };
  }

  private async root(run_id: string): Promise<ArtifactRoot> {
    return artifactRoot(await this.runs.artifactUri(run_id));
  }
}
