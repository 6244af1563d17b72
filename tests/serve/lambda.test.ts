import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { type HttpEvent, requestOf } from "../../serve/lambda/event";
import { createHandler, handler, optionsFromEnvironment } from "../../serve/lambda/handler";
import { LocalLambda } from "../../src/deployment/index";
import { projectRoot } from "../../src/files/index";
import { startLambda } from "../support/runtime-api";
import { writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";
import { describeContract } from "./contract";

describeContract("Lambda", ({ models, images, apiKeys = [] }) =>
  startLambda({
    HISTO_MODEL: models.join(","),
    HISTO_IMAGE_SOURCE: images,
    HISTO_API_KEYS: apiKeys.join(","),
    HISTO_LOG_LEVEL: "silent",
  }),
);

test("a function whose model is damaged says so when it starts", async (t) => {
  const directory = await temporaryDirectory(t);
  const model = await writeModel(join(directory, "model"));
  await appendFile(join(model, "model.onnx"), "x");
  const lambda = await startLambda({ HISTO_MODEL: model });
  t.after(() => lambda.close());
  while (!lambda.initError) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.match(lambda.initError?.errorMessage ?? "", /checksum differs/);
});

test("a function whose result is refused reports that at once, and takes the next event", async (t) => {
  const model = await writeModel(join(await temporaryDirectory(t), "model"));
  const environment = { HISTO_MODEL: model, HISTO_LOG_LEVEL: "silent" };
  const lambda = await LocalLambda.start({ environment, limits: { payloadBytes: 3000 } });
  t.after(() => lambda.close());
  assert.equal((await fetch(`${lambda.url}/openapi.json`, { signal: AbortSignal.timeout(20_000) })).status, 500);
  assert.equal((await fetch(`${lambda.url}/livez`)).status, 200);
});

test("a function ends when the Runtime API has no more events for it", { timeout: 20_000 }, async (t) => {
  const model = await writeModel(join(await temporaryDirectory(t), "model"));
  let asked = 0;
  const api = createServer((_request, response) => {
    asked++;
    response.writeHead(500).end("{}");
  }).listen(0, "127.0.0.1");
  await once(api, "listening");
  t.after(() => api.close());
  const child = spawn(process.execPath, [join(projectRoot(), "dist", "serve", "lambda", "bootstrap.js")], {
    env: {
      ...process.env,
      HISTO_MODEL: model,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(api.address() as AddressInfo).port}`,
    },
    stdio: "ignore",
  });
  t.after(() => child.kill("SIGKILL"));
  const [status] = await once(child, "exit");
  assert.deepEqual([status, asked], [1, 1]);
});

/** A function that answers every event with this text. */
function functionThatSays(text: string): Promise<LocalLambda> {
  const program = `(async () => {
    const base = "http://" + process.argv[1] + "/2018-06-01/runtime/invocation/";
    for (;;) {
      const id = (await fetch(base + "next")).headers.get("lambda-runtime-aws-request-id");
      await fetch(base + id + "/response", { method: "POST", body: process.argv[2] });
    }
  })()`;
  return LocalLambda.start({ environment: {}, command: (api) => [process.execPath, "-e", program, api, text] });
}

test("the local gateway answers 500 for a result that is none, as API Gateway does", { timeout: 30_000 }, async (t) => {
  const good = { statusCode: 200, headers: {}, body: "good", isBase64Encoded: false };
  for (const text of ["", "no JSON", "null", "5", JSON.stringify({ ...good, headers: { "a b": "c" } })]) {
    const lambda = await functionThatSays(text);
    t.after(() => lambda.close());
    const answer = await fetch(lambda.url);
    assert.deepEqual([answer.status, await answer.json()], [500, { message: "Internal Server Error" }], text);
  }
});

test("the local gateway outlives clients that leave, programs that do not start, and odd calls of its function", {
  timeout: 30_000,
}, async (t) => {
  const good = { statusCode: 200, headers: {}, body: "good", isBase64Encoded: false };
  const lambda = await functionThatSays(JSON.stringify(good));
  t.after(() => lambda.close());
  const socket = connect(Number(new URL(lambda.url).port), "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome");
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(await (await fetch(`${lambda.url}//a/b?c`)).text(), "good");

  const absent = await LocalLambda.start({ environment: {}, command: () => ["no-such-program-of-histo"] });
  assert.equal((await fetch(absent.url)).status, 500);
  assert.match(absent.initError?.errorMessage ?? "", /ENOENT/);
  await absent.initialized;
  await absent.close();
});

test("a function that could not load its model tries again with the next event", async (t) => {
  const model = join(await temporaryDirectory(t), "model");
  t.after(() => {
    for (const name of ["HISTO_MODEL", "HISTO_LOG_LEVEL"]) delete process.env[name];
  });
  Object.assign(process.env, { HISTO_MODEL: model, HISTO_LOG_LEVEL: "silent" });
  const event: HttpEvent = { version: "2.0", rawPath: "/readyz", requestContext: { http: { method: "GET" } } };
  await assert.rejects(handler(event), { name: "InputError" });
  await writeModel(model);
  assert.equal((await handler(event)).statusCode, 200);
});

test("a named stage is no part of the path", async () => {
  const event: HttpEvent = {
    version: "2.0",
    rawPath: "/prod/predict",
    rawQueryString: "model=a",
    headers: { "Content-Type": "image/png" },
    requestContext: { stage: "prod", http: { method: "POST" } },
    body: "aGk=",
    isBase64Encoded: true,
  };
  const request = requestOf(event, new AbortController().signal);
  assert.equal(request.path, "/predict");
  assert.equal(request.query.get("model"), "a");
  assert.equal(request.headers["content-type"], "image/png");
  assert.equal(Buffer.from(await request.readBody(2)).toString(), "hi");
  await assert.rejects(request.readBody(1), { code: "BODY_TOO_LARGE" });
});

test("an event of another shape is refused as a malformed request", async (t) => {
  const model = await writeModel(join(await temporaryDirectory(t), "model"));
  const handle = await createHandler({ models: [model] });
  const event = { version: "2.0", rawPath: "/predict", requestContext: { http: { method: "POST" } } };
  const odd: unknown[] = [
    null,
    "text",
    {},
    { ...event, rawPath: 5 },
    { ...event, body: { a: 1 } },
    { ...event, rawQueryString: ["a"] },
    { ...event, headers: { "content-type": 5 } },
    { ...event, headers: { "content-encoding": ["gzip"] } },
    { version: "1.0", path: "/predict", httpMethod: "POST", headers: null, body: null },
  ];
  for (const one of odd) {
    const { statusCode, body } = await handle(one as HttpEvent);
    assert.deepEqual([statusCode, JSON.parse(body).code], [400, "REQUEST_MALFORMED"], JSON.stringify(one));
  }
});

test("a function reads its lists as the server does, and does not start with keys that hold none", () => {
  const settings = { HISTO_MODEL: "/models/a, /models/b", HISTO_API_KEYS: "alpha, beta" };
  const { models, apiKeys } = optionsFromEnvironment(settings);
  assert.deepEqual(
    [models, apiKeys],
    [
      ["/models/a", "/models/b"],
      ["alpha", "beta"],
    ],
  );
  assert.throws(() => optionsFromEnvironment({ HISTO_API_KEYS: "," }), { code: "API_KEYS_EMPTY" });
});
