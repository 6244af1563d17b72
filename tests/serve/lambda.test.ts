import assert from "node:assert/strict";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type HttpEvent, requestOf } from "../../serve/lambda/event";
import { createHandler, handler, optionsFromEnvironment } from "../../serve/lambda/handler";
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
