/** @module More requests than connections. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { connectionSettings, Mlflow } from "../../../src/tracking/index";

const ANSWERED_AFTER_MS = 5200;

test("requests wait for a connection longer than a connection may take", async (context) => {
  const server = createServer((_, response) => {
    setTimeout(() => response.end(JSON.stringify({ experiments: [] })), ANSWERED_AFTER_MS);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const client = new Mlflow({ ...connectionSettings(`http://127.0.0.1:${port}`, {}), maxRetries: 0 });
  context.after(() => {
    client.close();
    server.close();
  });
  // Three times sixteen, so that the last ones begin after ten seconds.
  const pages = await Promise.all(Array.from({ length: 48 }, () => client.searchExperiment()));
  assert.equal(pages.length, 48);
});
