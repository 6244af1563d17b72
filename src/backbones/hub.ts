/** @module Known networks on the Hugging Face hub, and fetching any of its networks into the cache, once. */
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
import { type BackboneNormalization, PREPROCESSING_FILES } from "./normalization";

export interface FetchContext {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** Prefix of names on the hub: `hf:owner/name`, `hf:owner/name@revision`, `hf:owner/name/path/in/it.onnx`. */
export const HUB_PREFIX = "hf:";
/** Usual paths of exports in a repository, in the order in which they are tried. */
const USUAL_PATHS = ["onnx/model.onnx", "model.onnx"];
const PUBLIC_HUB = "https://huggingface.co";

/** `owner/name` of a name on the hub, or undefined for other names. */
export function repositoryOf(name: string): string | undefined {
  return name.startsWith(HUB_PREFIX) ? parse(name).repo : undefined;
}

/**
 * The file of a network on the hub, fetched if it is not in the cache. `HF_ENDPOINT` selects another hub, `HF_TOKEN` gives access.
 * @throws {InputError} `BACKBONE_NAME`, `BACKBONE_GATED`, `BACKBONE_MISSING` @throws {HistoError} `BACKBONE_UNREACHABLE`
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

function parse(name: string) {
  const match = /^hf:([\w.-]+\/[\w.-]+)(?:@([\w./-]+?))?(?:\/(.+\.onnx))?$/.exec(name);
  const path = match?.[3];
  if (!match || path?.split("/").includes("..")) {
    const message = `The backbone ${name} is not like hf:owner/name, hf:owner/name@revision or hf:owner/name/onnx/model.onnx.`;
    throw new InputError("BACKBONE_NAME", message);
  }
  return { repo: match[1] as string, revision: match[2] ?? "main", ...(path && { path }) };
}

/** Fetches a file into the folder, completely or not at all. @returns false if the repository has no such file */
async function fetchFile(
  name: string,
  { repo, revision }: ReturnType<typeof parse>,
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

/** How tokens are pooled: the class token, the mean of all tokens, or the class token and the mean of the patches. */
export type TokenPooling = "first" | "mean" | "first-and-mean";

/** A network on the hub. */
export interface HubModel extends Required<BackboneNormalization> {
  /** Name on the hub, `OWNER/NAME`. For a family, a pattern with `*`. */
  readonly name: string;
  readonly pool: TokenPooling;
  /** Features per image. For a family, one number for each size. */
  readonly features: string;
  readonly licence: string;
  /** Access must be requested on its page. */
  readonly gated: boolean;
  /** The images that it was trained on. */
  readonly pretraining: string;
}

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], size: 224 } as const;
const HALF = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], size: 224 } as const;
const OPTIMUS = { mean: [0.707223, 0.578729, 0.703617], std: [0.211883, 0.230117, 0.177517], size: 224 } as const;
const OPEN = { gated: false } as const;
const BOTH = { pool: "first-and-mean" } as const;

/** A network like most: gated, trained on histology slides, with the class token as its features. */
function model(name: string, features: string, licence: string, differences: Partial<HubModel> = {}): HubModel {
  const usual = { gated: true, pool: "first", name, features, licence, pretraining: "histology slides" } as const;
  return { ...IMAGENET, ...usual, ...differences };
}

/** According to the models' pages on the hub. */
export const HUB_MODELS: readonly HubModel[] = [
  model("MahmoodLab/UNI", "1024", "CC-BY-NC-ND-4.0"),
  model("MahmoodLab/UNI2-h", "1536", "CC-BY-NC-ND-4.0"),
  model("paige-ai/Virchow", "2560", "Apache-2.0", BOTH),
  model("paige-ai/Virchow2", "2560", "CC-BY-NC-ND-4.0", BOTH),
  model("bioptimus/H-optimus-0", "1536", "Apache-2.0", OPTIMUS),
  model("bioptimus/H-optimus-1", "1536", "CC-BY-NC-ND-4.0", OPTIMUS),
  model("prov-gigapath/prov-gigapath", "1536", "see its page"),
  model("kaiko-ai/midnight*", "3072", "MIT", { ...HALF, ...OPEN, ...BOTH }),
  model("owkin/phikon", "768", "see its page", OPEN),
  model("owkin/phikon-v2", "1024", "see its page", OPEN),
  model("1aurent/vit_*kaiko_ai_towards_large_pathology_fms", "384, 768 or 1024", "kaiko non-commercial", {
    ...HALF,
    ...OPEN,
  }),
  model("*/dinov2-*", "384, 768, 1024 or 1536", "Apache-2.0", { ...OPEN, pretraining: "LVD-142M (photographs)" }),
  model("timm/*", "by model", "see its page", {
    ...OPEN,
    pretraining: "by model; its config.json says size and normalization",
  }),
];

/** The entry of a repository. If several match, the one with the longest name. */
export function hubModel(repo: string): HubModel | undefined {
  const fits = ({ name }: HubModel) => {
    const pattern = name.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${pattern.join(".*")}$`, "i").test(repo);
  };
  return HUB_MODELS.filter(fits).sort((a, b) => b.name.length - a.name.length)[0];
}
