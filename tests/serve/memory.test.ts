import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Answer,
  FolderImages,
  ModelRegistry,
  type ServedModel,
  Service,
  type ServiceOptions,
} from "../../serve/core/index";
import { createApp, startServer } from "../../serve/server/index";
import { writeModel, writeTiles } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

const ANSWER: Answer = {
  logit: 0,
  probability: 0.5,
  predictedClass: "HP",
  threshold: 0.6,
  preprocessSeconds: 0,
  inferenceSeconds: 0,
  queueSeconds: 0,
  batchSize: 1,
  inDistribution: null,
  warnings: [],
};

/** The server with a model that answers when it is told to. */
async function start(t: TestContext, options: Partial<ServiceOptions>) {
  const waiting: (() => void)[] = [];
  const predict = () => new Promise<Answer>((resolve) => waiting.push(() => resolve(ANSWER)));
  const model = { name: "slow", sha256: "", card: { threshold: 0.6 }, predict } as unknown as ServedModel;
  const service = new Service({ models: new ModelRegistry([model]), ...options });
  const server = createServer(createApp(service)).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, waiting };
}

const send = (url: string, body: Uint8Array) =>
  fetch(`${url}/predict`, { method: "POST", body: body as BodyInit, headers: { "content-type": "image/png" } });

const sendNames = (url: string, path: string, names: object) =>
  fetch(url + path, { method: "POST", body: JSON.stringify(names), headers: { "content-type": "application/json" } });

test("a body counts until its request is answered", async (t) => {
  const { url, waiting } = await start(t, { memoryBytes: 1000 });
  const first = send(url, new Uint8Array(800));
  while (waiting.length === 0) await sleep(1);
  const second = await send(url, new Uint8Array(800));
  assert.deepEqual([second.status, (await second.json()).code], [503, "QUEUE_FULL"]);
  waiting.shift()?.();
  assert.equal((await first).status, 200);

  const third = send(url, new Uint8Array(800));
  while (waiting.length === 0) await sleep(1);
  waiting.shift()?.();
  assert.equal((await third).status, 200);
});

test("a batch of many images makes Node warn of nothing", async (t) => {
  const directory = await temporaryDirectory(t);
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on("warning", note);
  t.after(() => process.off("warning", note));
  const images = await writeTiles(join(directory, "tiles"), 1);
  const server = await startServer({ models: [await writeModel(join(directory, "model"))], images, port: 0 });
  t.after(() => server.close());
  const names = { image_filenames: Array(64).fill("MHIST_aaa.png") };
  assert.equal((await sendNames(server.url, "/predict/batch", names)).status, 200);
  await sleep(10);
  assert.deepEqual(warnings, []);
});

test("images by name count as bodies do, and a batch holds only some of its images at a time", async (t) => {
  const directory = join(await temporaryDirectory(t), "images");
  await mkdir(directory);
  await writeFile(join(directory, "a.png"), new Uint8Array(1000));
  const images = await FolderImages.open(directory);
  const { url, waiting } = await start(t, { images, memoryBytes: 20_000 });
  const batch = sendNames(url, "/predict/batch", { image_filenames: Array(64).fill("a.png") });
  while (waiting.length < 16) await sleep(1);
  const others = Array.from({ length: 3 }, () => sendNames(url, "/predict", { image_filename: "a.png" }));
  while (waiting.length < 19) await sleep(1);
  const refused = await sendNames(url, "/predict", { image_filename: "a.png" });
  assert.deepEqual([refused.status, (await refused.json()).code], [503, "QUEUE_FULL"]);
  assert.equal(waiting.length, 19);

  const answering = setInterval(() => waiting.splice(0).forEach((answer) => void answer()), 1);
  t.after(() => clearInterval(answering));
  const { results } = (await (await batch).json()) as { results: { error?: object }[] };
  assert.equal(results.filter(({ error }) => error === undefined).length, 64);
  for (const other of others) assert.equal((await other).status, 200);
});
