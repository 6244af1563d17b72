/** @module What the service tells of itself, and the files that it serves. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { readJson } from "../../../src/files/index";
import type { ContractClient } from "./client";

export function descriptionCases(client: ContractClient): void {
  const { call, refused } = client;

  test("every answer has the request's id and strict headers", async () => {
    const response = await call("/livez", { headers: { "x-request-id": "my-id.1" } });
    assert.equal(response.headers.get("x-request-id"), "my-id.1");
    assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'none';script-src 'self'/);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(response.headers.get("x-powered-by"), null);
    assert.equal(response.headers.get("access-control-allow-origin"), null);
    const refusal = await call("/nothing", {
      headers: { origin: "https://elsewhere.example", "x-request-id": "bad id!" },
    });
    assert.equal(refusal.headers.get("access-control-allow-origin"), null);
    assert.match(refusal.headers.get("x-request-id") ?? "", /^[\w.=-]+$/);
  });

  test("what a model has met is measures only, and nothing for a model that does not know its training tiles", async () => {
    const { format, seen, features } = (await (await call("/models/mlp/met")).json()) as Record<string, unknown>;
    assert.deepEqual([format, seen, features], ["histo-met/1", 0, []]);
    await refused(await call("/models/other/met"), 404, "MODEL_NOT_FOUND");
  });

  test("liveness, and readiness by the golden example", async () => {
    assert.deepEqual(await (await call("/livez")).json(), { status: "alive" });
    const ready = (await (await call("/readyz")).json()) as {
      models: { name: string; golden: { status: string; logit: number; expected: number } }[];
    };
    assert.deepEqual(
      ready.models.map(({ name, golden }) => [name, golden.status]),
      [
        ["mlp", "passed"],
        ["wide", "passed"],
      ],
    );
    const card = await readJson<{ golden: { logit: number } }>(join(client.content.models[0] as string, "model.json"));
    assert.equal(ready.models[0]?.golden.expected, card.golden.logit);
  });

  test("the models, the images and the API describe themselves", async () => {
    const info = (await (await call("/info")).json()) as {
      models: { name: string; classes: string[]; input: object }[];
    };
    assert.deepEqual(
      info.models.map(({ name }) => name),
      ["mlp", "wide"],
    );
    assert.deepEqual(info.models[0]?.classes, ["HP", "SSA"]);
    const { total, images } = (await (await call("/images?limit=2")).json()) as { total: number; images: object[] };
    assert.equal(total, 6);
    assert.deepEqual(images[1], {
      name: "MHIST_aab.png",
      class: "HP",
      partition: "train",
      votes: { positive: 3, total: 7 },
    });
    const openapi = (await (await call("/openapi.json")).json()) as { openapi: string; paths: object };
    assert.equal(openapi.openapi, "3.1.0");
    for (const path of ["/predict", "/predict/batch", "/info", "/livez", "/readyz", "/metrics"])
      assert.ok(path in openapi.paths);
    assert.match(await (await call("/metrics")).text(), /histo_predictions_total\{model="mlp",class="(HP|SSA)"\} \d+/);
  });

  test("a long answer is compressed for clients that accept it, a short one is not", async () => {
    const headersFor = async (path: string, accepted: string) => {
      const response = await call(path, { headers: { "accept-encoding": accepted } });
      await response.arrayBuffer();
      return [response.headers.get("content-encoding"), response.headers.get("vary")];
    };
    assert.deepEqual(await headersFor("/openapi.json", "gzip"), ["gzip", "accept-encoding"]);
    assert.deepEqual(await headersFor("/openapi.json", "identity"), [null, "accept-encoding"]);
    assert.deepEqual(await headersFor("/livez", "gzip"), [null, null]);
    const plain = await call("/openapi.json", { headers: { "accept-encoding": "identity" } });
    const zipped = await call("/openapi.json", { headers: { "accept-encoding": "gzip" } });
    assert.deepEqual(await zipped.json(), await plain.json());
  });

  test("images of the source are served whole and as thumbnails", async () => {
    const whole = await call("/images/MHIST_aaa.png");
    assert.equal(whole.headers.get("content-type"), "image/png");
    assert.equal(whole.headers.get("cache-control"), "private, no-cache", "another one may have its name later");
    assert.deepEqual(
      Buffer.from(await whole.arrayBuffer()),
      await readFile(join(client.content.images, "images", "MHIST_aaa.png")),
    );
    const small = await call("/images/MHIST_aaa.png?thumbnail=16");
    const { width, format } = await sharp(Buffer.from(await small.arrayBuffer())).metadata();
    assert.deepEqual([width, format], [16, "jpeg"]);
    await refused(await call("/images/..%2F..%2Fannotations.csv"), 400, "IMAGE_NAME_INVALID");
    await refused(await call("/images/%E0%A4%A.png"), 400, "REQUEST_MALFORMED");
    await refused(await call("/images/MHIST_aaa.png?thumbnail=9999"), 400, "FIELD_INVALID");
  });

  test("the web page is served with its type and can be kept by the browser", async () => {
    const page = await call("/");
    assert.equal(page.status, 200);
    assert.match(page.headers.get("content-type") ?? "", /^text\/html/);
    const again = await call("/", { headers: { "if-none-match": page.headers.get("etag") ?? "" } });
    assert.equal(again.status, 304);
    assert.match(await page.text(), /<html lang="en"/);
  });
}
