import assert from "node:assert/strict";
import { once } from "node:events";
import { rename, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { json, RequestMemory, type ServiceRequest } from "../../serve/core/http/index";
import { type Answer, ModelRegistry, openWeb, type ServedModel, Service } from "../../serve/core/index";
import { withinDeadline } from "../../serve/core/middleware/index";
import { type RoutedRequest, type ServiceLimits, WebFiles } from "../../serve/core/routes/index";
import { readBody } from "../../serve/server/app";
import { createApp, createLogger } from "../../serve/server/index";
import { listen } from "../../serve/server/listen";
import { untilAborted } from "../../serve/server/workers/worker-process";
import { temporaryDirectory } from "../support/temporary-directory";

/** The application, by default without a model: starting, as far as anybody can tell. */
async function start(
  t: TestContext,
  { models = new ModelRegistry(), deadlineMs = 30_000 } = {},
): Promise<{ url: string; service: Service; lines: Record<string, unknown>[] }> {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger("info", { write: (line: string) => lines.push(JSON.parse(line)) });
  const service = new Service({ models, web: await openWeb(), limits: { deadlineMs } });
  const server = createServer(createApp(service, { logger })).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, service, lines };
}

/** Writes a request as it is and gives the first line of the answer. */
async function statusLine(url: string, request: string): Promise<string | undefined> {
  return (await linesOf(url, request))[0];
}

/** Writes a request as it is and gives the answer's status and headers. */
async function linesOf(url: string, request: string): Promise<string[]> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(request);
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return answer.toString().split("\r\n");
}

test("a file of the page says which methods it has", async (t) => {
  const { url } = await start(t);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const answer = await fetch(`${url}/js/app.js`, { method });
    assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "GET, HEAD"], method);
    assert.equal((await answer.json()).code, "METHOD_NOT_ALLOWED");
  }
});

test("the server as a whole says what it understands", async (t) => {
  const { url } = await start(t);
  const lines = await linesOf(url, "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.equal(lines[0], "HTTP/1.1 204 No Content");
  assert.ok(
    lines.some((line) => /^allow: GET, HEAD, POST, OPTIONS$/i.test(line)),
    lines.join("\n"),
  );
  assert.ok(lines.some((line) => /^x-request-id: \S+$/i.test(line)));
});

test("a file that the client has already is not sent again, however it says so", async (t) => {
  const { url } = await start(t);
  const etag = (await fetch(url)).headers.get("etag") as string;
  for (const given of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    const answer = await fetch(url, { headers: { "if-none-match": given } });
    assert.equal(answer.status, 304, given);
    assert.equal(await answer.text(), "");
  }
  assert.equal((await fetch(url, { headers: { "if-none-match": '"other"' } })).status, 200);
});

test("a file has another tag compressed than as it is", async (t) => {
  const { url } = await start(t);
  const codings = ["gzip", "identity"];
  const ask = (coding: string, tag = "") =>
    fetch(url, { headers: { "accept-encoding": coding, ...(tag && { "if-none-match": tag }) } });
  const tags = await Promise.all(codings.map(async (coding) => (await ask(coding)).headers.get("etag") as string));
  assert.notEqual(tags[0], tags[1]);
  for (const [i, coding] of codings.entries()) {
    const statuses = await Promise.all(tags.map(async (tag) => (await ask(coding, tag)).status));
    assert.deepEqual(statuses, i === 0 ? [304, 200] : [200, 304], coding);
  }
});

test("a file is compressed only for clients that accept it", async () => {
  const web = await openWeb();
  const codingFor = async (accepted?: string) => {
    const request = { method: "GET", path: "/js/app.js", headers: { "accept-encoding": accepted } };
    return (await web?.answer(request as unknown as ServiceRequest))?.headers["content-encoding"];
  };
  for (const accepted of ["gzip", "br, GZIP;q=0.5", "deflate,x-gzip", "gzip; q=0.01"])
    assert.equal(await codingFor(accepted), "gzip", accepted);
  for (const accepted of [undefined, "", "identity", "gzip;q=0", "br, gzip ; q=0.000", "notgzip"])
    assert.equal(await codingFor(accepted), undefined, accepted);
});

test("a file that could not be read once is read when it is asked for again", async (t) => {
  const directory = await temporaryDirectory(t);
  const page = join(directory, "index.html");
  await writeFile(page, "<p>Hello</p>");
  const web = await WebFiles.open(directory);
  const service = new Service({ models: new ModelRegistry(), web });
  const readBody = async () => new Uint8Array();
  const get = { method: "GET", path: "/", id: "a", query: new URLSearchParams(), headers: {}, readBody };
  const status = async () => (await service.handle({ ...get, signal: new AbortController().signal })).status;
  await rename(page, `${page}-away`);
  assert.equal(await status(), 500);
  await rename(`${page}-away`, page);
  assert.equal(await status(), 200);
});

test("until the models are loaded, a request for one by name is told to wait", async (t) => {
  const { url } = await start(t);
  for (const [path, method] of [
    ["/predict?model=mlp", "POST"],
    ["/models/mlp/curves", "GET"],
    ["/v2/models/mlp/ready", "GET"],
  ] as const) {
    const answer = await fetch(url + path, { method });
    assert.deepEqual([answer.status, (await answer.json()).code], [503, "MODEL_UNAVAILABLE"], path);
    assert.ok(answer.headers.get("retry-after"));
  }
});

test("the whole address in the request line means the same as its path", async (t) => {
  const { url } = await start(t);
  const request = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
  assert.equal(await statusLine(url, request("http://a.example/livez")), "HTTP/1.1 200 OK");
  assert.equal(await statusLine(url, request("http://a.example")), "HTTP/1.1 200 OK");
  assert.equal(await statusLine(url, request("//a.example/livez")), "HTTP/1.1 404 Not Found");
});

test("a probe that is told to wait is one warning without a stack, not a line for each time it asks", async (t) => {
  const { url, lines } = await start(t);
  for (let i = 0; i < 5; i++) assert.equal((await fetch(`${url}/readyz`)).status, 503);
  assert.deepEqual(
    lines.map(({ level, status, path, err }) => ({ level, status, path, err })),
    [{ level: 40, status: 503, path: "/readyz", err: undefined }],
  );
});

test("more connections than allowed are closed, and the others go on", async (t) => {
  const { service } = await start(t);
  const listener = await listen(createApp(service), { port: 0, maxConnections: 5 });
  const sockets = Array.from({ length: 20 }, () => connect(listener.port, "127.0.0.1"));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return listener.close(0);
  });
  const ended = sockets.map((socket) => once(socket.resume(), "close").then(() => socket));
  for (let i = 0; i < 15; i++) await Promise.race(ended.filter((_, j) => !sockets[j]?.destroyed));
  const open = sockets.filter((socket) => !socket.destroyed);
  assert.equal(open.length, 5);
  open[0]?.write("GET /livez HTTP/1.1\r\nhost: a\r\n\r\n");
  assert.match(String(await once(open[0] as Socket, "data")), /^HTTP\/1\.1 200 /);
});

test("a body of a client that left before it was read is not waited for", { timeout: 20_000 }, async (t) => {
  const read = new Promise<Uint8Array>((resolve, reject) => {
    const server = createServer(async (request) => {
      // As long as a token takes to check.
      await new Promise((resolve) => request.once("close", resolve));
      readBody(request, 1000, new RequestMemory().share()).then(resolve, reject);
    }).listen(0, "127.0.0.1", () => {
      const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
      socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome");
      setTimeout(() => socket.destroy(), 100);
    });
    t.after(() => server.close());
  });
  await assert.rejects(read, { code: "REQUEST_MALFORMED" });
});

test("no work is begun for a client that left before", async () => {
  const routed = { signal: AbortSignal.abort() } as RoutedRequest;
  const { body } = await withinDeadline({ deadlineMs: 1000 } as ServiceLimits)(routed, async ({ signal }) => {
    return json(signal.aborted);
  });
  assert.equal(body, "true");
});

/** A model that never answers; `asked` is told of each image. */
function endless(asked: () => void): ModelRegistry {
  const predict: ServedModel["predict"] = (_image, signal) => {
    asked();
    return untilAborted(new Promise<Answer>(() => undefined), signal);
  };
  return new ModelRegistry([{ name: "endless", predict } as ServedModel]);
}

/** The lines of the metrics with a word, once there are some. */
async function metricLines(url: string, word: string): Promise<string[]> {
  for (;;) {
    const lines = (await (await fetch(`${url}/metrics`)).text()).split("\n");
    const found = lines.filter((line) => line.includes(word) && !line.startsWith("#"));
    if (found.length > 0) return found;
  }
}

test("a client that left is counted as that, not as a failure of the server", { timeout: 20_000 }, async (t) => {
  const client = new AbortController();
  const { url, lines } = await start(t, { models: endless(() => setTimeout(() => client.abort(), 50)) });
  const headers = { "content-type": "image/png" };
  await fetch(`${url}/predict`, { method: "POST", body: "an image", headers, signal: client.signal }).catch(() => 0);
  const [counted = ""] = await metricLines(url, 'route="/predict"');
  assert.match(counted, /^histo_http_requests_total.*status="499".* 1$/);
  assert.doesNotMatch(await (await fetch(`${url}/metrics`)).text(), /histo_problems_total\{/);
  assert.equal(lines.find(({ path }) => path === "/predict")?.status, 499);
});

test("a body that does not arrive in time is counted as that, not as a client that left", {
  timeout: 20_000,
}, async (t) => {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger("info", { write: (line: string) => lines.push(JSON.parse(line)) });
  const service = new Service({ models: endless(() => undefined) });
  const listener = await listen(createApp(service, { logger }), { port: 0, headersTimeout: 200, requestTimeout: 200 });
  t.after(() => listener.close(0));
  const head = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\nContent-Length: 100\r\n\r\nsome";
  assert.equal(await statusLine(listener.url, head), "HTTP/1.1 408 REQUEST_TIMEOUT");
  const [counted = ""] = await metricLines(listener.url, 'http_requests_total{route="/predict"');
  assert.match(counted, /status="408".* 1$/);
  assert.deepEqual(await metricLines(listener.url, "histo_problems_total"), [
    'histo_problems_total{code="REQUEST_TIMEOUT"} 1',
  ]);
  assert.equal(lines.find(({ path }) => path === "/predict")?.status, 408);
});

test("a batch that takes too long is one problem, not one for each of its images", async (t) => {
  const { url } = await start(t, { models: endless(() => undefined), deadlineMs: 100 });
  const body = new FormData();
  for (const name of ["a", "b", "c"]) body.append("image", new Blob([name]), `${name}.png`);
  const answer = await fetch(`${url}/predict/batch`, { method: "POST", body });
  assert.equal((await answer.json()).code, "DEADLINE_EXCEEDED");
  assert.deepEqual(await metricLines(url, "histo_problems_total"), [
    'histo_problems_total{code="DEADLINE_EXCEEDED"} 1',
  ]);
});
