import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { S3Client } from "@aws-sdk/client-s3";
import { ByteCache, S3Images } from "../../serve/core/images/s3-images";
import { startS3 } from "../support/s3-server";

test("images of a bucket are listed below the prefix, read once, and told apart from an outage", async (t) => {
  const objects = new Map(
    ["tiles/a.png", "tiles/b.jpg", "tiles/deep/c.png", "tiles/notes.txt", "secret/d.png", "tiles/big.png"].map(
      (key) => [key, Buffer.from(key === "tiles/big.png" ? "x".repeat(2000) : key)],
    ),
  );
  const s3 = await startS3("bucket", objects);
  t.after(() => s3.close());
  const client = new S3Client({
    endpoint: s3.url,
    region: "eu-central-1",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const images = S3Images.parse("s3://bucket/tiles/", { client, maxBytes: 1000 });
  t.after(() => images.close());

  assert.deepEqual(
    (await images.list()).map(({ name }) => name),
    ["a.png", "b.jpg", "big.png", "deep/c.png"],
  );
  const [first, second] = await Promise.all([images.read("a.png"), images.read("a.png")]);
  assert.equal(Buffer.from(first).toString(), "tiles/a.png");
  assert.equal(first, second);
  await images.read("a.png");
  assert.equal(s3.gets, 1);
  assert.equal(Buffer.from(await images.read("deep/c.png")).toString(), "tiles/deep/c.png");
  await assert.rejects(images.read("big.png"), { code: "IMAGE_TOO_LARGE" });
  assert.equal(Buffer.from(await images.read("C.tif")).toString(), "tiles/deep/c.png");
  await assert.rejects(images.read("none.png"), { code: "IMAGE_NOT_FOUND" });
  await assert.rejects(images.read("../secret/d.png"), { code: "IMAGE_NAME_INVALID" });
  s3.failing = true;
  await assert.rejects(images.read("b.jpg"), { code: "IMAGE_SOURCE_UNAVAILABLE" });
  assert.equal(Buffer.from(await images.read("a.png")).toString(), "tiles/a.png");
  s3.failing = false;
  assert.equal(Buffer.from(await images.read("b.jpg")).toString(), "tiles/b.jpg");
});

test("a body that stops is an outage, and does not keep the image from others for good", {
  timeout: 20_000,
}, async (t) => {
  let isStuck = true;
  const s3 = createServer((_request, response) => {
    response.writeHead(200, { "content-length": "4" }).write("ab");
    if (!isStuck) response.end("cd");
  }).listen(0, "127.0.0.1");
  await once(s3, "listening");
  t.after(() => {
    s3.closeAllConnections();
    s3.close();
  });
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${(s3.address() as AddressInfo).port}`,
    region: "eu-central-1",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const images = S3Images.parse("s3://bucket", { client, readMs: 200 });
  t.after(() => images.close());
  await assert.rejects(images.read("a.png"), { code: "IMAGE_SOURCE_UNAVAILABLE" });
  isStuck = false;
  assert.equal(Buffer.from(await images.read("a.png")).toString(), "abcd");
});

test("an image that was stored anew is read anew after a while", async () => {
  const cache = new ByteCache(100, 0.05);
  let stored = "first";
  const read = async () => Buffer.from(await cache.get("a.png", async () => Buffer.from(stored))).toString();
  assert.equal(await read(), "first");
  stored = "second";
  assert.equal(await read(), "first");
  await sleep(60);
  assert.equal(await read(), "second");
  // What has expired leaves its place to others.
  for (let i = 0; i < 30; i++) {
    await sleep(60);
    await read();
  }
  await cache.get("b.png", async () => Buffer.alloc(20));
  assert.equal(await read(), "second");
});

test("a listing for people ends at ten thousand names; the names of a batch do not", async (t) => {
  const keys = Array.from({ length: 10_050 }, (_, i) => `tiles/${String(i).padStart(6, "0")}.png`);
  const s3 = await startS3("bucket", new Map(keys.map((key) => [key, Buffer.alloc(0)])), 1000);
  t.after(() => s3.close());
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = new S3Client({ endpoint: s3.url, region: "eu-central-1", forcePathStyle: true, credentials });
  const images = S3Images.parse("s3://bucket/tiles/", { client });
  t.after(() => images.close());
  assert.equal((await images.list()).length, 10_000);
  const names: string[] = [];
  for await (const name of images.names()) names.push(name);
  assert.deepEqual([names.length, names.at(-1)], [10_050, "010049.png"]);
});

test("an address of another form is refused", () => {
  assert.throws(() => S3Images.parse("http://bucket/tiles"), { code: "IMAGES_URL_INVALID" });
});
