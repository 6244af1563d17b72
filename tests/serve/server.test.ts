import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { FolderImages } from "../../serve/core/index";
import { type PooledModel, type RunningServer, startServer } from "../../serve/server/index";
import { projectRoot } from "../../src/files/index";
import { encodePng } from "../../src/image/with-sharp";
import { writeForeignModel } from "../support/foreign-model";
import { dynamicallyQuantized } from "../support/quantized-graphs";
import { send, serve } from "../support/running-server";
import { tile, writeModel, writeTiles } from "../support/served-model";
import { sharedDirectory, temporaryDirectory } from "../support/temporary-directory";

let shared: Promise<RunningServer> | undefined;
after(async () => (await shared)?.close());

/** The address of a server that tests share which change nothing of it. */
async function sharedUrl(): Promise<string> {
  shared ??= writeModel(join(sharedDirectory(), "model")).then((model) => startServer({ port: 0, models: [model] }));
  return (await shared).url;
}

/** Writes raw bytes to the server and gives everything it says until it hangs up. */
async function raw(url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** `histo serve` as a process of its own. */
async function spawnServer(t: TestContext, ...options: string[]): Promise<ChildProcess> {
  const directory = await temporaryDirectory(t);
  const model = await writeModel(join(directory, "model"));
  const argv = [
    join(projectRoot(), "bin", "histo.cjs"),
    "serve",
    "--model",
    model,
    "--port",
    "0",
    "--json",
    "--log-level",
    "silent",
  ];
  const child = spawn(process.execPath, [...argv, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

/** The first line that a process writes. */
async function firstLine(stream: ChildProcess["stdout"]): Promise<string> {
  const [line] = (await once(createInterface(stream as NodeJS.ReadableStream), "line")) as [string];
  return line;
}

/** The same, ready. */
async function serveProcess(t: TestContext, ...options: string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = await spawnServer(t, ...options);
  child.stderr?.resume();
  return { child, url: JSON.parse(await firstLine(child.stdout)).url };
}

async function exitStatus(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, "exit");
  return child.exitCode;
}

test("requests that arrive together share runs of the network, and each gets its own answer", async () => {
  const url = await sharedUrl();
  const tiles = await Promise.all(Array.from({ length: 40 }, (_, i) => tile(i)));
  const alone: number[] = [];
  for (const image of tiles) alone.push((await (await send(url, image)).json()).logit);
  let largest = 0;
  // On a busy machine an image may be decoded so slowly that the one before it has its answer already.
  for (let round = 0; round < 10 && largest <= 1; round++) {
    const answers = await Promise.all(tiles.map((image) => send(url, image)));
    for (const [i, answer] of answers.entries()) {
      largest = Math.max(largest, Number(/batch of (\d+)/.exec(answer.headers.get("server-timing") ?? "")?.[1]));
      assert.ok(Math.abs((await answer.json()).logit - (alone[i] as number)) < 1e-4);
    }
  }
  assert.ok(largest > 1, `largest batch: ${largest}`);
});

test("more requests than the queue holds get 503 with a time to retry, the others their answers", async (t) => {
  const { url } = await serve(t, { engine: { maxQueue: 4 } });
  const image = await tile(1);
  const answers = await Promise.all(Array.from({ length: 60 }, () => send(url, image)));
  const refused = answers.filter(({ status }) => status === 503);
  assert.ok(refused.length > 0 && refused.length < 60, `${refused.length} refused`);
  assert.equal(answers.filter(({ status }) => status === 200).length, 60 - refused.length);
  assert.equal(refused[0]?.headers.get("retry-after"), "1");
  assert.equal((await (refused[0] as Response).json()).code, "QUEUE_FULL");
  assert.equal((await send(url, image)).status, 200);
});

test("a command on this machine without keys answers for its own names only", async (t) => {
  const statuses = async (...options: string[]) => {
    const { url } = await serveProcess(t, ...options);
    const hosts = ["evil.example", "lab.example", `localhost:${new URL(url).port}`, new URL(url).host];
    const ask = (host: string) => raw(url, `GET /livez HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    return (await Promise.all(hosts.map(ask))).map((answer) => Number(answer.slice(9, 12)));
  };
  assert.deepEqual(await statuses(), [421, 421, 200, 200]);
  assert.deepEqual(await statuses("--allowed-hosts", "lab.example"), [421, 200, 200, 200]);
  assert.deepEqual(await statuses("--host", "0.0.0.0"), [200, 200, 200, 200]);
  t.after(() => delete process.env.HISTO_API_KEYS);
  process.env.HISTO_API_KEYS = "a-key";
  assert.deepEqual(await statuses(), [200, 200, 200, 200]);
});

test("only counters are named as such in the metrics", async () => {
  const metrics = await (await fetch(`${await sharedUrl()}/metrics`)).text();
  const types = [...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type]) => [name, type] as const);
  assert.ok(types.length > 30);
  assert.deepEqual(
    types.filter(([name, type]) => name.endsWith("_total") !== (type === "counter")),
    [],
  );
});

test("a client that asks too often is told when to come back", async (t) => {
  const { url } = await serve(t, { rateLimit: 3 });
  const image = await tile(1);
  const statuses = [];
  for (let i = 0; i < 5; i++) statuses.push((await send(url, image)).status);
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  const refusal = await send(url, image);
  assert.ok(Number(refusal.headers.get("retry-after")) > 0);
  assert.equal((await refusal.json()).code, "RATE_LIMITED");
  assert.equal((await fetch(`${url}/livez`)).status, 200);
});

test("a lost worker costs at most its requests, and the next ones are answered as soon as another has started", async (t) => {
  const began = performance.now();
  const { url, models } = await serve(t);
  const startMs = performance.now() - began;
  const image = await tile(1);
  const load = Array.from({ length: 50 }, () => send(url, image));
  await sleep(10);
  process.kill((models.get() as PooledModel).pids[0] as number, "SIGKILL");
  const killed = performance.now();
  for (const response of await Promise.all(load)) assert.ok([200, 503].includes(response.status), `${response.status}`);
  while ((await send(url, image)).status !== 200) await sleep(20);
  const backMs = performance.now() - killed;
  // A new worker has the same to do as the first one, on a machine that is as busy; a pause before it would show.
  assert.ok(backMs < 500 + 2 * startMs, `back after ${backMs} ms, where the start took ${startMs} ms`);
  assert.match(await (await fetch(`${url}/metrics`)).text(), /histo_worker_restarts_total\{model="mlp"\} 1/);
});

test("a damaged model is refused at start and leaves no worker behind", async (t) => {
  const directory = await temporaryDirectory(t);
  const good = await writeModel(join(directory, "good"));
  const bad = await writeModel(join(directory, "bad"), { name: "bad" });
  await appendFile(join(bad, "model.onnx.data"), "x");
  await assert.rejects(startServer({ models: [good, bad], port: 0 }), { code: "MODEL_CORRUPT" });
});

test("asked to stop, the server is not ready at once, answers what is under way, and ends", async (t) => {
  const { child, url } = await serveProcess(t, "--linger", "1500");
  const image = await tile(1);
  const underWay = Array.from({ length: 40 }, () => send(url, image));
  await Promise.race(underWay);
  child.kill("SIGTERM");
  let ready = await fetch(`${url}/readyz`);
  for (let i = 0; ready.status === 200 && i < 20; i++) ready = await fetch(`${url}/readyz`);
  assert.equal((await ready.json()).code, "SHUTTING_DOWN");
  assert.equal(ready.headers.get("connection"), "close");
  assert.equal((await fetch(`${url}/livez`)).status, 200);
  assert.equal((await send(url, image)).status, 200, "late requests are still answered");
  for (const response of await Promise.all(underWay)) assert.equal(response.status, 200);
  assert.equal(await exitStatus(child), 130);
});

test("SIGHUP while the models load, and several at once, neither end the server nor keep it from ending", async (t) => {
  const child = await spawnServer(t);
  assert.match(await firstLine(child.stderr), /Listening on/);
  child.kill("SIGHUP");
  const { url } = JSON.parse(await firstLine(child.stdout));
  child.stderr?.resume();
  child.kill("SIGHUP");
  await sleep(50);
  child.kill("SIGHUP");
  assert.equal((await send(url, await tile(1))).status, 200);
  child.kill("SIGTERM");
  assert.equal(await exitStatus(child), 130);
});

test("slow senders and endless headers are cut off with a problem", async (t) => {
  const { url } = await serve(t, { headersTimeout: 300, requestTimeout: 600 });
  assert.match(
    await raw(url, "POST /predict HTTP/1.1\r\nhost: a\r\nx-slow: "),
    /^HTTP\/1\.1 408 [\s\S]*"code":"REQUEST_TIMEOUT"/,
  );
  const slowBody = "POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: image/png\r\ncontent-length: 100\r\n\r\nabc";
  assert.match(await raw(url, slowBody), /^HTTP\/1\.1 408 /);
  assert.match(
    await raw(url, `GET / HTTP/1.1\r\nhost: a\r\nx: ${"a".repeat(20_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 [\s\S]*HEADERS_TOO_LARGE/,
  );
  assert.match(await raw(url, "not http at all\r\n\r\n"), /^HTTP\/1\.1 400 [\s\S]*REQUEST_MALFORMED/);
  assert.equal((await send(url, await tile(1))).status, 200);
});

test("what Node would refuse without a word is refused with a problem, or answered", async () => {
  const url = await sharedUrl();
  assert.match(await raw(url, "GET /livez HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 400 [\s\S]*"code":"REQUEST_MALFORMED"/);
  assert.match(await raw(url, "GET /livez HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 200 /);
  assert.match(
    await raw(url, "CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n"),
    /^HTTP\/1\.1 405 [\s\S]*allow: GET[\s\S]*"code":"METHOD_NOT_ALLOWED"/,
  );
  const expecting = "GET /livez HTTP/1.1\r\nhost: a\r\nexpect: the-unexpected\r\nconnection: close\r\n\r\n";
  assert.match(await raw(url, expecting), /^HTTP\/1\.1 200 /);
});

test("who asks for a large image and never reads it is cut off, and its memory is free again", async (t) => {
  const directory = await temporaryDirectory(t);
  const bytes = 9 * 2 ** 20;
  await writeFile(join(directory, "large.png"), new Uint8Array(bytes));
  const { url } = await serve(t, { images: directory, memoryBytes: 1.5 * bytes, stallTimeout: 400 });
  const stalled = connect(Number(new URL(url).port), "127.0.0.1");
  t.after(() => stalled.destroy());
  stalled.on("error", () => undefined).pause();
  stalled.write("GET /images/large.png HTTP/1.1\r\nhost: a\r\n\r\n");
  const comesTo = async (wanted: number) => {
    for (let i = 0; i < 100; i++) {
      const answer = await fetch(`${url}/images/large.png`);
      await answer.arrayBuffer();
      if (answer.status === wanted) return true;
      await sleep(50);
    }
    return false;
  };
  assert.ok(await comesTo(503), "the memory is held");
  assert.ok(await comesTo(200), "the memory is free again");
});

test("odd request targets are unknown routes, not faults", async () => {
  const url = await sharedUrl();
  for (const target of ["//host/predict", "http://other/predict", "/%", "/predict/../info", "*", "/?a=%"]) {
    const answer = await raw(url, `GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 (200|400|404|405) /, target);
  }
});

test("no name leads out of the image folder, not even through links", async (t) => {
  const directory = await temporaryDirectory(t);
  await writeTiles(join(directory, "data"), 1);
  const root = join(directory, "data", "images");
  await writeFile(join(directory, "secret.png"), "secret");
  await mkdir(join(directory, "outside"));
  await writeFile(join(directory, "outside", "a.png"), "secret");
  await symlink(join(directory, "secret.png"), join(root, "link.png"));
  await symlink(join(directory, "outside"), join(root, "folder"));
  await mkdir(join(root, "folder.png"));
  const images = await FolderImages.open(root);
  assert.ok((await images.read("MHIST_aaa.png")).length > 0);
  for (const name of ["link.png", "folder/a.png", "folder.png", "missing.png"]) {
    await assert.rejects(images.read(name), { code: "IMAGE_NOT_FOUND" }, name);
  }
  for (const name of [
    "../secret.png",
    "/etc/passwd.png",
    "a/../../secret.png",
    "..png",
    "a\u0000.png",
    "C:\\a.png",
    ".hidden.png",
  ]) {
    await assert.rejects(images.read(name), { code: "IMAGE_NAME_INVALID" }, name);
  }
  await rm(root, { recursive: true });
});

test("a model whose images change each other's answers gets them one at a time, and says so", async (t) => {
  const directory = await temporaryDirectory(t);
  const model = await writeForeignModel(join(directory, "model"), dynamicallyQuantized);
  const server = await serve(t, { models: [model] });
  const info = (await (await fetch(`${server.url}/info`)).json()) as { models: { batching: string }[] };
  assert.equal(info.models[0]?.batching, "single");
  const plain = (value: number) => encodePng(new Uint8Array(8 * 8 * 3).fill(value), 8, 8);
  const images = await Promise.all(Array.from({ length: 12 }, (_, i) => plain(i % 2 ? 255 : 10 + i)));
  const logitOf = async (image: Uint8Array) =>
    ((await (await send(server.url, image)).json()) as { logit: number }).logit;
  const together = await Promise.all(images.map(logitOf));
  for (const [i, image] of images.entries()) assert.equal(together[i], await logitOf(image));
});
