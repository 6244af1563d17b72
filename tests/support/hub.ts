/** @module A model hub on this machine: the paths that clients of the Hugging Face hub ask for, from a folder. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A running hub. */
interface Hub {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves `folder/OWNER/NAME/PATH` as `/OWNER/NAME/resolve/main/PATH`, in ranges, as the hub does; other revisions from
 * `folder/OWNER/NAME@REVISION/PATH`.
 */
export async function startHub(context: TestContext, folder: string): Promise<Hub> {
  const server = createServer(async (request, response) => {
    const match = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(request.url ?? "");
    const [, name = "", revision = "", path = ""] = match ?? [];
    const repo = revision === "main" ? name : `${name}@${decodeURIComponent(revision)}`;
    if (!match || !existsSync(join(folder, repo))) {
      response.writeHead(404, { "X-Error-Code": "RepoNotFound" }).end();
      return;
    }
    if (!existsSync(join(folder, repo, path))) {
      response.writeHead(404, { "X-Error-Code": "EntryNotFound" }).end();
      return;
    }
    const content = await readFile(join(folder, repo, path));
    const etag = `"${createHash("sha256").update(content).digest("hex")}"`;
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (!range) {
      response.writeHead(200, { ETag: etag, "Content-Length": content.length }).end(content);
      return;
    }
    const [first, last] = [Number(range[1]), Math.min(Number(range[2]), content.length - 1)];
    const headers = { ETag: etag, "Content-Range": `bytes ${first}-${last}/${content.length}` };
    response.writeHead(206, headers).end(content.subarray(first, last + 1));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= new Promise((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    });
    return stopped;
  };
  context.after(stop);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}
