/** @module Backbones by name: fetched once from the Hugging Face hub into the cache, then read from there. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { HistoError, InputError, messageOf } from "../errors/index";
import { cacheDirectory, writeAtomically, writeFully } from "../files/index";
import { weightFilesOf } from "../onnx/index";
import type { Progress } from "../progress/index";
import { hubModel } from "./hub-models";
import { PREPROCESSING_FILES } from "./normalization";

/** What fetching may take: time to show, and a stop. */
export interface FetchContext {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** How a name on the hub begins: `hf:owner/name`, `hf:owner/name@revision`, `hf:owner/name/path/in/it.onnx`. */
export const HUB_PREFIX = "hf:";
/** Where exports lie in a repository, in the order in which they are looked for. */
const USUAL_PATHS = ["onnx/model.onnx", "model.onnx"];
const PUBLIC_HUB = "https://huggingface.co";

interface HubName {
  readonly repo: string;
  readonly revision: string;
  readonly path?: string;
}

/** `owner/name` of a name on the hub; undefined for other names. */
export function repositoryOf(name: string): string | undefined {
  return name.startsWith(HUB_PREFIX) ? parse(name).repo : undefined;
}

/**
 * The file of a network on the hub, fetched into the cache (`HF_ENDPOINT` names another hub, `HF_TOKEN` gives access to
 * gated and private ones). What the cache has is not asked for again.
 * @throws {InputError} `BACKBONE_NAME`, `BACKBONE_GATED`, `BACKBONE_MISSING`
 * @throws {HistoError} `BACKBONE_UNREACHABLE` where the hub does not answer
 */
export async function fetchFromHub(name: string, context: FetchContext): Promise<string> {
  const place = parse(name);
  const folder = join(cacheDirectory(), "hub", place.repo.replace("/", "--"), place.revision.replace(/\W/g, "-"));
  const paths = place.path ? [place.path] : USUAL_PATHS;
  let path = paths.find((candidate) => existsSync(join(folder, candidate)));
  if (!path) {
    for (const extra of PREPROCESSING_FILES) await fetchFile(name, place, extra, folder, context);
    for (const candidate of paths) {
      if (await fetchFile(name, place, candidate, folder, context)) {
        path = candidate;
        break;
      }
    }
  }
  if (!path) {
    throw new InputError(
      "BACKBONE_MISSING",
      `${name} has no ${paths.join(" or ")}; say hf:owner/name/FILE.onnx, or export it to ONNX (torch.onnx.export) and ` +
        `put it at ${join(folder, "model.onnx")}.`,
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

/** Fetches a file into the folder, whole or not at all. @returns false where the repository has no such file */
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
      // Large files are named by their SHA-256 there.
      const named = /^"?([0-9a-f]{64})"?$/.exec(info.etag)?.[1];
      if (done !== info.size || (named && named !== hash.digest("hex"))) throw new Error(`${path} came damaged`);
    });
    task.finish(`${(info.size / 1e6).toFixed(1)} MB`);
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

/** What to do where the hub does not give a file: gated, private and missing repositories answer alike. */
function refused(repo: string, revision: string, hubUrl: string, cause: Error): InputError {
  const known = hubModel(repo);
  const page = `${hubUrl}/${repo}`;
  if (known?.gated || /gated|restricted|access to model/i.test(cause.message)) {
    return new InputError(
      "BACKBONE_GATED",
      `${repo}${known ? ` (${known.licence})` : ""} is gated: ask for access on ${page}, then set HF_TOKEN to a token of yours.`,
      { cause },
    );
  }
  return new InputError(
    "BACKBONE_MISSING",
    `${hubUrl} has no ${repo} at ${revision}, or not for everyone: check the name on ${page}, or set HF_TOKEN.`,
    { cause },
  );
}
