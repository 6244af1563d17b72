/** @module The location of a run's artifacts, as an address of the tracking server. */
import { createHash } from "node:crypto";
import { TrackingInputError } from "./errors";

const SERVICE = "/api/2.0/mlflow-artifacts";

/** A run's artifact root: proxied by the server, or in an object store for which the server signs addresses. */
export type ArtifactRoot = { readonly kind: "proxy"; readonly path: string } | { readonly kind: "presigned" };

/** @throws {TrackingInputError} `ARTIFACT_STORE_UNSUPPORTED` for locations that only the server's machine can reach */
export function artifactRoot(artifactUri: string): ArtifactRoot {
  const proxied = /^mlflow-artifacts:(?:\/\/[^/]*)?\/*(.*)$/.exec(artifactUri);
  if (proxied) return { kind: "proxy", path: (proxied[1] ?? "").replace(/\/+$/, "") };
  if (/^(s3|gs|wasbs?|abfss?):/.test(artifactUri)) return { kind: "presigned" };
  const message = `The run's artifacts are in ${artifactUri}, which only the server's own machine can reach: start the server with --serve-artifacts.`;
  throw new TrackingInputError("ARTIFACT_STORE_UNSUPPORTED", message);
}

/** Path of a proxy route for a file, such as `artifacts`, `presigned` or `mpu/create`. */
export function proxyPath(route: string, root: string, file: string): string {
  return `${SERVICE}/${route}/${encodePath(file ? `${root}/${file}` : root)}`;
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** Normalizes a path relative to the artifact root: `/` between parts, no empty parts. @throws for `..` */
export function artifactPath(...parts: readonly (string | undefined)[]): string {
  const names = parts
    .join("/")
    .split(/[/\\]+/)
    .filter((name) => name !== "" && name !== ".");
  if (names.includes("..") || names.length === 0) {
    throw new TrackingInputError("ARTIFACT_PATH_INVALID", `"${parts.join("/")}" is not a path inside a run.`);
  }
  return names.join("/");
}

/** Longest file name in most file systems. */
const NAME_BYTES = 255;

/**
 * {@link artifactPath} for storing: replaces `#`, `?`, control characters, halves of surrogate pairs, and `%` before two hex
 * digits by `_`, because the server rejects them or stores them under another name. Shortens names of more than 255 bytes
 * before their extension and adds a hash, so that they stay unique.
 */
export function storablePath(...parts: readonly (string | undefined)[]): string {
  const path = artifactPath(...parts).replace(/%(?=[0-9a-f]{2})|[#?]|\p{Cc}|\p{Surrogate}/giu, "_");
  return path.split("/").map(storableFileName).join("/");
}

function storableFileName(name: string): string {
  if (Buffer.byteLength(name) <= NAME_BYTES) return name;
  const ending = /\.\w{1,12}$/.exec(name)?.[0] ?? "";
  const tail = `-${createHash("sha1").update(name).digest("hex").slice(0, 8)}${ending}`;
  const characters = [...name.slice(0, name.length - ending.length)];
  while (Buffer.byteLength(characters.join("")) + tail.length > NAME_BYTES) characters.pop();
  return characters.join("") + tail;
}

/** The folder of an artifact path; undefined for the root. */
export function folderOf(path: string): string | undefined {
  const end = path.lastIndexOf("/");
  return end < 0 ? undefined : path.slice(0, end);
}
