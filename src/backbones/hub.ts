/** @module Fetches backbones from the Hugging Face hub into the cache, once. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { HistoError, InputError, messageOf } from "../errors/index";
import { cacheDirectory, writeAtomically, writeFully } from "../files/index";
import { megabytes } from "../format/index";
import { weightFilesOf } from "../onnx/index";
import type { Progress } from "../progress/index";
import { hubModel } from "./hub-models";
import { PREPROCESSING_FILES } from "./normalization";

export interface FetchContext {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** Prefix of names on the hub: `hf:owner/name`, `hf:owner/name@revision`, `hf:owner/name/path/in/it.onnx`. */
export const HUB_PREFIX = "hf:";
/** Usual paths of exports in a repository, in the order in which they are tried. */
const USUAL_PATHS = ["onnx/model.onnx", "model.onnx"];
const PUBLIC_HUB = "https://huggingface.co";

interface HubName {
  readonly repo: string;
  readonly revision: string;
  readonly path?: string;
}

/** `owner/name` of a name on the hub, or undefined for other names. */
export function repositoryOf(name: string): string | undefined {
  return name.startsWith(HUB_PREFIX) ? parse(name).repo : undefined;
}

/**
 * The file of a network on the hub. Files that are not in the cache are fetched. `HF_ENDPOINT` selects another hub, and
 * `HF_TOKEN` gives access to gated and private repositories.
 * @throws {InputError} `BACKBONE_NAME`, `BACKBONE_GATED`, `BACKBONE_MISSING`
 * @throws {HistoError} `BACKBONE_UNREACHABLE` if the hub does not answer
 */
export async function fetchFromHub(name: string, context: FetchContext): Promise<string> {
  const place = parse(name);
  const folder = join(cacheDirectory(), "hub", place.repo.replace("/", "--"), folderOf(place.revision));
  const paths = place.path ? [place.path] : USUAL_PATHS;
  let path = paths.find((candidate) => existsSync(join(folder, candidate)));
  if (!path) {
    for (const extra of PREPROCESSING_FILES) await fetchFile(name, place, extra, folder, context);
    for (const candidate of paths) {
      if (!path && (await fetchFile(name, place, candidate, folder, context))) path = candidate;
    }
  }
  if (!path) {
    throw new InputError(
      "BACKBONE_MISSING",
      `${name} has no ${paths.join(" or ")}; use hf:owner/name/FILE.onnx, or export it to ONNX (torch.onnx.export) and ` +
        `store it as ${join(folder, "model.onnx")}.`,
    );
  }
  const file = join(folder, path);
  for (const weights of await weightFilesOf(file)) {
    const inRepo = join(dirname(path), weights);
    if (existsSync(join(folder, inRepo)) || (await fetchFile(name, place, inRepo, folder, context))) continue;
    throw new InputError("BACKBONE_MISSING", `${name} has no ${inRepo}, which its ${path} needs.`);
  }
  return file;
}

/** A name of a folder for a revision: no two revisions, such as `v1.0` and `v1-0`, share one. */
function folderOf(revision: string): string {
  return revision.replace(/[^\w-]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}

function parse(name: string): HubName {
  const match = /^hf:([\w.-]+\/[\w.-]+)(?:@([\w./-]+?))?(?:\/(.+\.onnx))?$/.exec(name);
  const path = match?.[3];
  if (!match || path?.split("/").includes("..")) {
    throw new InputError(
      "BACKBONE_NAME",
      `The backbone ${name} is not like hf:owner/name, hf:owner/name@revision or hf:owner/name/onnx/model.onnx.`,
    );
  }
  return { repo: match[1] as string, revision: match[2] ?? "main", ...(path && { path }) };
}

/** Fetches a file into the folder, completely or not at all. @returns false if the repository has no such file */
async function fetchFile(
  name: string,
  { repo, revision }: HubName,
  path: string,
  folder: string,
  { progress, signal }: FetchContext,
): Promise<boolean> {
  const { downloadFile, fileDownloadInfo, HubApiError } = await import("@huggingface/hub");
  const hubUrl = process.env.HF_ENDPOINT?.replace(/\/+$/, "") || PUBLIC_HUB;
  const accessToken = process.env.HF_TOKEN;
  const params = {
    repo,
    revision,
    path,
    hubUrl,
    fetch: (url: string | URL | Request, init?: RequestInit) => fetch(url, { ...init, ...(signal && { signal }) }),
    ...(accessToken && { accessToken }),
  };
  try {
    const info = await fileDownloadInfo(params);
    const blob = info && (await downloadFile({ ...params, downloadInfo: info }));
    if (!info || !blob) return false;
    const task = progress.start(`${repo} ${path}`, info.size, "bytes");
    await writeAtomically(join(folder, path), async (handle) => {
      const hash = createHash("sha256");
      let done = 0;
      for await (const chunk of Readable.fromWeb(blob.stream() as ReadableStream<Uint8Array>)) {
        hash.update(chunk);
        await writeFully(handle, chunk);
        done += chunk.length;
        task.update(done);
      }
      // The ETag of a large file is its SHA-256.
      const named = /^"?([0-9a-f]{64})"?$/.exec(info.etag)?.[1];
      if (done !== info.size || (named && named !== hash.digest("hex")))
        throw new Error(`${path} was damaged on the way`);
    });
    task.finish(megabytes(info.size));
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof HubApiError && [401, 403, 404].includes(error.statusCode)) {
      throw refused(repo, revision, hubUrl, error);
    }
    const cause = error instanceof Error && error.cause ? error.cause : error;
    throw new HistoError(
      "BACKBONE_UNREACHABLE",
      `${name} cannot be fetched from ${hubUrl} (${messageOf(cause)}); export the model to a file elsewhere and give its path instead of the name.`,
      { cause: error },
    );
  }
}

/** The error for a file that the hub refuses. Its answers are the same for gated, private and missing repositories. */
function refused(repo: string, revision: string, hubUrl: string, cause: Error): InputError {
  const known = hubModel(repo);
  const page = `${hubUrl}/${repo}`;
  if (known?.gated || /gated|restricted|access to model/i.test(cause.message)) {
    const title = `${repo}${known ? ` (${known.licence})` : ""}`;
    const message = `${title} is gated: ask for access on ${page}, then set HF_TOKEN to your token.`;
    return new InputError("BACKBONE_GATED", message, { cause });
  }
  const message = `${hubUrl} has no public ${repo} at ${revision}: check the name on ${page}, or set HF_TOKEN.`;
  return new InputError("BACKBONE_MISSING", message, { cause });
}
