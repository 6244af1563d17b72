/** @module Downloads that the server refuses to continue. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { downloadFile } from "../../../src/tracking/client/download";
import { Transport } from "../../../src/tracking/client/transport";
import { connectionSettings } from "../../../src/tracking/index";
import { temporaryDirectory } from "../../support/temporary-directory";

/** A file of which a part is there already, and its download from a server that answers in the given way. */
async function startDownload(
  context: TestContext,
  answer: (headers: IncomingHttpHeaders, response: ServerResponse) => void,
) {
  const target = join(await temporaryDirectory(context), "file.txt");
  await writeFile(`${target}.part`, "longer than the file");
  const server = createServer(({ headers }, response) => answer(headers, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const transport = new Transport({ ...connectionSettings(url, {}), maxRetries: 0 });
  context.after(() => transport.close());
  const download = () => downloadFile(transport, async () => ({ path: "/file" }), target, {});
  return { target, download };
}

test("partial content that the server cannot continue is dropped", async (context) => {
  const { target, download } = await startDownload(context, ({ range }, response) => {
    if (range) response.writeHead(416).end();
    else response.end("whole");
  });
  await download();
  assert.equal(await readFile(target, "utf8"), "whole");
});

test("a server that refuses every range is not asked for ever", { timeout: 20_000 }, async (context) => {
  const { download } = await startDownload(context, (_, response) => void response.writeHead(416).end());
  await assert.rejects(download(), { statusCode: 416 });
});
