/** @module A small S3 for tests: objects of one bucket, got and listed over HTTP as the SDK asks for them. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

interface LocalS3 {
  readonly url: string;
  /** Requests for objects so far. */
  gets: number;
  /** While true every request fails, as in an outage. */
  failing: boolean;
  close(): void;
}

/** @param objects content by key @param pageSize keys in one page of a listing */
export async function startS3(
  bucket: string,
  objects: ReadonlyMap<string, Uint8Array>,
  pageSize = 2,
): Promise<LocalS3> {
  const state = { gets: 0, failing: false };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const xml = (status: number, body: string) =>
      response
        .writeHead(status, { "content-type": "application/xml" })
        .end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
    const [, name, ...rest] = decodeURIComponent(pathname).split("/");
    if (state.failing) return void xml(503, "<Error><Code>SlowDown</Code><Message>Slow down</Message></Error>");
    if (name !== bucket) return void xml(404, "<Error><Code>NoSuchBucket</Code></Error>");
    if (searchParams.get("list-type") === "2") {
      const prefix = searchParams.get("prefix") ?? "";
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
      const start = Number(searchParams.get("continuation-token") ?? 0);
      const more = start + pageSize < keys.length;
      const contents = keys.slice(start, start + pageSize).map((key) => `<Contents><Key>${key}</Key></Contents>`);
      const token = more ? `<NextContinuationToken>${start + pageSize}</NextContinuationToken>` : "";
      return void xml(
        200,
        `<ListBucketResult><IsTruncated>${more}</IsTruncated>${token}${contents.join("")}</ListBucketResult>`,
      );
    }
    state.gets++;
    const object = objects.get(rest.join("/"));
    if (!object) return void xml(404, "<Error><Code>NoSuchKey</Code><Message>None</Message></Error>");
    response.writeHead(200, { "content-length": object.length }).end(object);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
}
