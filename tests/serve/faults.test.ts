/** What the log says of faults of what the server depends on. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { tokensOf } from "../../serve/core/index";
import { createLogger, startServer } from "../../serve/server/index";
import { freePort } from "../../src/tracking/index";
import { writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

test("why the image source or the token issuer cannot be used is in the log, and not in the response", async (t) => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "us-east-1" };
  Object.assign(process.env, { ...credentials, AWS_ENDPOINT_URL_S3: nobody });
  const lines: Record<string, unknown>[] = [];
  const server = await startServer({
    models: [await writeModel(join(await temporaryDirectory(t), "model"))],
    images: "s3://bucket/tiles",
    apiKeys: ["key"],
    tokens: tokensOf(nobody, "histo"),
    logger: createLogger("info", { write: (line: string) => lines.push(JSON.parse(line)) }),
    port: 0,
  });
  t.after(() => server.close());
  const body = JSON.stringify({ image_filename: "a.png" });
  const headers = { "content-type": "application/json", "x-api-key": "key" };
  for (const [code, response] of [
    ["IMAGE_SOURCE_UNAVAILABLE", await fetch(`${server.url}/predict`, { method: "POST", body, headers })],
    ["ISSUER_UNAVAILABLE", await fetch(`${server.url}/info`, { headers: { authorization: "Bearer a.b.c" } })],
  ] as const) {
    const text = await response.text();
    assert.deepEqual([response.status, JSON.parse(text).code], [503, code]);
    assert.doesNotMatch(text, /ECONNREFUSED/);
    const id = response.headers.get("x-request-id");
    const fault = lines.find(({ msg, request_id }) => msg === "fault" && request_id === id);
    assert.match(JSON.stringify(fault), /ECONNREFUSED/, code);
  }
});
