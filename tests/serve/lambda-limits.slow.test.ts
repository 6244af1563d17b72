import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { type LambdaLimits, LocalLambda } from "../../src/deployment/index";
import { layOutImage } from "../support/image-files";
import { tile, writeModel, writeTiles } from "../support/served-model";
import { sharedDirectory } from "../support/temporary-directory";

// The function's image, laid out as a folder, behind the stand-in for the Runtime API, held to what Lambda gives it.
const LIMITS: LambdaLimits = { payloadBytes: 6 * 2 ** 20, timeoutSeconds: 29, noWrites: true };
/** An MLP of 224 x 224 pixels through a factored first layer is as large as the compact variant of the reference. */
const COMPACT = { size: 224, hidden: [32, 16] };
let folder = "";
let root = "";

before(async () => {
  folder = sharedDirectory();
  root = join(folder, "image");
  const model = await writeModel(join(folder, "model"), COMPACT);
  layOutImage({ dockerfile: "serve/lambda/Dockerfile", stage: "function", contexts: { model }, target: root });
  const images = join(await writeTiles(join(folder, "tiles"), 3, 224), "images");
  // Noise does not compress: 5 MB that fit into memory and not into an answer.
  const noise = await sharp(
    Buffer.from({ length: 1300 * 1300 * 3 } as number[]).map(() => 256 * Math.random()),
    {
      raw: { width: 1300, height: 1300, channels: 3 },
    },
  );
  await noise.png().toFile(join(images, "large.png"));
  assert.ok(statSync(join(images, "large.png")).size > 4.8e6);
});

function start(memoryMb: number, more: { limits?: LambdaLimits; environment?: Record<string, string> } = {}) {
  return LocalLambda.start({
    root,
    // A function of these sizes sees two processors at most, and starts threads for no more.
    launcher: ["taskset", "-c", "0,1"],
    environment: {
      NODE_ENV: "production",
      HISTO_MODEL: join(root, "opt/model"),
      HISTO_IMAGE_SOURCE: join(folder, "tiles", "images"),
      HISTO_LOG_LEVEL: "silent",
      TMPDIR: join(folder, "tmp"),
      ...more.environment,
    },
    limits: { ...LIMITS, memoryMb, ...more.limits },
  });
}

const predict = (url: string, body: Uint8Array) =>
  fetch(`${url}/predict`, { method: "POST", headers: { "content-type": "image/png" }, body: new Uint8Array(body) });

for (const memoryMb of [512, 1024, 3008]) {
  describe(`with ${memoryMb} MB of memory and no way to write a file`, () => {
    let lambda: LocalLambda;
    const files = () => readdirSync(root, { recursive: true }).length;
    let filesBefore = 0;

    before(async () => {
      await mkdir(join(folder, "tmp"), { recursive: true });
      filesBefore = files();
      lambda = await start(memoryMb);
    });
    after(() => lambda.close());

    test("it starts within Lambda's ten seconds and answers", async () => {
      const seconds = await lambda.initialized;
      assert.equal(lambda.initError, undefined);
      assert.ok(seconds < 10, `initialization took ${seconds} s`);
      const started = performance.now();
      const response = await predict(lambda.url, await tile(1, 224));
      assert.equal(response.status, 200);
      assert.match(((await response.json()) as { predicted_class: string }).predicted_class, /^(HP|SSA)$/);
      const first = (performance.now() - started) / 1000;
      const { version } = (await (await fetch(`${lambda.url}/info`)).json()) as { version: string };
      assert.match(version, /^\d+\.\d+\.\d+/, "the image knows its version");
      console.log(`  ${memoryMb} MB: ready in ${seconds.toFixed(2)} s, first answer ${first.toFixed(3)} s`);
    });

    test("the largest image in pixels, and the largest event in bytes", async () => {
      const blank = { width: 4096, height: 4096, channels: 3 as const, background: "#d8b0c8" };
      const largest = await sharp({ create: blank }).png().toBuffer();
      assert.equal((await predict(lambda.url, largest)).status, 200);
      const form = new FormData();
      const one = new Blob([new Uint8Array(await tile(2, 224))]);
      const padding = new Uint8Array(4_500_000 - 20 * (one.size + 200));
      for (let i = 0; i < 19; i++) form.append("image", one, `${i}.png`);
      form.append("image", new Blob([padding]), "zeros.png");
      const response = await fetch(`${lambda.url}/predict/batch`, { method: "POST", body: form });
      assert.equal(response.status, 200);
      const { results } = (await response.json()) as { results: { error?: { code: string } }[] };
      assert.equal(results.length, 20);
      assert.equal(results.filter(({ error }) => error !== undefined).length, 1);
    });

    test("an event above 6 MB is the gateway's to refuse, one just below the service's", async () => {
      const refused = await predict(lambda.url, new Uint8Array(4_750_000));
      assert.equal(refused.status, 413);
      assert.equal(((await refused.json()) as { code?: string }).code, undefined);
      const tooLarge = await predict(lambda.url, new Uint8Array(4_650_000));
      assert.equal(tooLarge.status, 413);
      assert.equal(((await tooLarge.json()) as { code?: string }).code, "BODY_TOO_LARGE");
    });

    test("an answer above 6 MB is refused with the reason; its thumbnail is sent", async () => {
      const whole = await fetch(`${lambda.url}/images/large.png`);
      assert.equal(whole.status, 413);
      const problem = (await whole.json()) as { code: string; detail: string };
      assert.equal(problem.code, "IMAGE_TOO_LARGE");
      assert.match(problem.detail, /thumbnail/);
      const small = await fetch(`${lambda.url}/images/large.png?thumbnail=96`);
      assert.equal(small.status, 200);
      const named = { method: "POST", headers: { "content-type": "application/json" } };
      const body = JSON.stringify({ image_filename: "large.png" });
      assert.equal((await fetch(`${lambda.url}/predict`, { ...named, body })).status, 200);
    });

    test("it kept to its memory and wrote nothing", () => {
      const peak = lambda.peakMemoryBytes ?? 0;
      console.log(`  ${memoryMb} MB: ${(peak / 2 ** 20).toFixed(0)} MB used at most`);
      assert.ok(peak < memoryMb * 2 ** 20, `${peak} bytes of memory`);
      assert.equal(files(), filesBefore);
      assert.deepEqual(readdirSync(join(folder, "tmp")), []);
    });
  });
}

test("a function whose time runs out says so before Lambda ends it", async (t) => {
  // An object store that accepts connections and never answers.
  const silent = createServer(() => undefined);
  await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
  t.after(() => silent.close());
  const lambda = await start(1024, {
    limits: { timeoutSeconds: 2 },
    environment: {
      HISTO_IMAGE_SOURCE: "s3://tiles/images",
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(silent.address() as { port: number }).port}`,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    },
  });
  t.after(() => lambda.close());
  await lambda.initialized;
  const response = await fetch(`${lambda.url}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ image_filename: "a.png" }),
  });
  // Had the function been ended, the gateway would have said 500.
  assert.equal(response.status, 503);
  assert.equal(((await response.json()) as { code: string }).code, "DEADLINE_EXCEEDED");
  assert.equal((await predict(lambda.url, await tile(1, 224))).status, 200, "the function lives on");
});

test("a function that gets no event for longer than `fetch` waits answers the next one", async (t) => {
  // Node's fetch gives up after 300 s without a header; here after one.
  const impatient = join(folder, "impatient.cjs");
  await writeFile(
    impatient,
    `const { fetch } = globalThis;
     globalThis.fetch = (url, options) => fetch(url, { ...options, signal: AbortSignal.timeout(1000) });`,
  );
  const lambda = await start(1024, { environment: { NODE_OPTIONS: `--require ${impatient}` } });
  t.after(() => lambda.close());
  await lambda.initialized;
  await sleep(3000);
  assert.equal((await predict(lambda.url, await tile(1, 224))).status, 200);
});

test("too little memory is told as what it is", async (t) => {
  const lambda = await start(64);
  t.after(() => lambda.close());
  await lambda.initialized;
  assert.match(lambda.initError?.errorMessage ?? "", /process ended/);
  assert.equal((await predict(lambda.url, await tile(1, 224))).status, 500);
});

test("a file that is written would show: the limit holds", async (t) => {
  const target = join(folder, "written");
  await mkdir(join(folder, "writer", "dist", "serve", "lambda"), { recursive: true });
  const program = `require("node:fs").writeFileSync(${JSON.stringify(target)}, "x");`;
  await writeFile(join(folder, "writer", "dist", "serve", "lambda", "bootstrap.js"), program);
  const lambda = await LocalLambda.start({ root: join(folder, "writer"), environment: {}, limits: { noWrites: true } });
  t.after(() => lambda.close());
  await lambda.initialized;
  assert.match(lambda.initError?.errorMessage ?? "", /process ended/);
});
