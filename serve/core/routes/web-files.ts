/** @module The web page's files, cached in memory and compressed once. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, extname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { projectRoot, sha256 } from "../../../src/files/index";
import { acceptsGzip, Problem, type ServiceRequest, type ServiceResponse } from "../http/index";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webp": "image/webp",
  ".webmanifest": "application/manifest+json",
};

interface WebFile {
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly zipped: Uint8Array;
  readonly hash: string;
}

/** The files of a folder by their path in the browser, and further files. */
export class WebFiles {
  private readonly files = new Map<string, Promise<WebFile>>();

  private constructor(private readonly paths: ReadonlyMap<string, string>) {}

  /** Lists the files of the page; reads them on first request. @param extra maps paths in the browser to paths on disk */
  static async open(directory: string, extra: Readonly<Record<string, string>> = {}): Promise<WebFiles> {
    const entries = await readdir(directory, { withFileTypes: true, recursive: true });
    const files = entries
      .filter((entry) => entry.isFile() && extname(entry.name) in TYPES)
      .map((entry) => join(entry.parentPath, entry.name));
    const listed = files.map((path): [string, string] => [`/${relative(directory, path).split(sep).join("/")}`, path]);
    return new WebFiles(new Map([...listed, ...Object.entries(extra)]));
  }

  has(path: string): boolean {
    return this.paths.has(fileOf(path));
  }

  /** The file of a path. @throws {Problem} `ROUTE_NOT_FOUND`, `METHOD_NOT_ALLOWED` */
  async answer({ method, path, headers }: ServiceRequest): Promise<ServiceResponse> {
    const name = fileOf(path);
    const source = this.paths.get(name);
    if (source === undefined) throw new Problem("ROUTE_NOT_FOUND");
    if (method !== "GET" && method !== "HEAD")
      throw new Problem("METHOD_NOT_ALLOWED", undefined, { allow: "GET, HEAD" });
    let loading = this.files.get(name);
    if (!loading) {
      loading = load(source);
      this.files.set(name, loading);
      // Tries again with the next request.
      loading.catch(() => this.files.delete(name));
    }
    const file = await loading;
    const zipped = acceptsGzip(headers["accept-encoding"]) && file.zipped.length < file.bytes.length;
    // A strong tag names bytes, which compression changes.
    const etag = `"${file.hash}${zipped ? "-gzip" : ""}"`;
    const common = { etag, "cache-control": "no-cache", vary: "accept-encoding" };
    if (isKnown(headers["if-none-match"], etag)) return { status: 304, headers: common, body: "" };
    return {
      status: 200,
      headers: { ...common, "content-type": file.type, ...(zipped ? { "content-encoding": "gzip" } : {}) },
      body: zipped ? file.zipped : file.bytes,
    };
  }
}

function fileOf(path: string): string {
  return path === "/" ? "/index.html" : path;
}

/** Whether a client has this version. @see https://www.rfc-editor.org/rfc/rfc9110#name-if-none-match */
function isKnown(given: string | undefined, etag: string): boolean {
  if (given === undefined) return false;
  return given.trim() === "*" || given.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

/** The project's page with plotly.js; undefined in container images without it. */
export async function openWeb(): Promise<WebFiles | undefined> {
  const directory = join(projectRoot(), "serve", "web");
  if (!existsSync(directory)) return undefined;
  return WebFiles.open(directory, {
    // Shared code, written by the build.
    "/js/heat-map-drawing.js": join(projectRoot(), "dist", "src", "explanation", "drawing.mjs"),
    "/js/format.js": join(projectRoot(), "dist", "src", "format", "text.mjs"),
    "/vendor/plotly.min.js": require.resolve("plotly.js-cartesian-dist-min"),
    ...seadragon(),
  });
}

/** The deep-zoom viewer; container images without slides do not contain it. */
function seadragon(): Record<string, string> {
  try {
    const main = require.resolve("openseadragon");
    return { "/vendor/openseadragon.min.js": join(dirname(main), "openseadragon.min.js") };
  } catch {
    return {};
  }
}

async function load(path: string): Promise<WebFile> {
  const bytes = await readFile(path);
  return {
    type: TYPES[extname(path)] ?? "application/octet-stream",
    bytes,
    zipped: await promisify(gzip)(bytes, { level: 9 }),
    hash: sha256(bytes).slice(0, 20),
  };
}
