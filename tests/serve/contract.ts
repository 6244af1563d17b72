/** @module The HTTP contract as tests, run against every way in: the Express server and the Lambda function. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import sharp from "sharp";
import { readJson } from "../../src/files/index";
import { Predictor } from "../../src/inference/index";
import { tile, writeModel, writeTiles } from "../support/served-model";
import { sharedData, withoutSharedData } from "../support/shared-data";

/** A deployment under test. */
export interface Deployment {
  readonly url: string;
  close(): Promise<void>;
}

/** What a deployment is started with. */
export interface Content {
  /** Two model directories: `mlp` (the default) and `wide`. */
  readonly models: readonly string[];
  /** A data set with the tiles `MHIST_aaa.png` to `MHIST_aaf.png`. */
  readonly images: string;
  readonly apiKeys?: readonly string[];
}

interface Prediction {
  image_filename: string | null;
  logit: number;
  probability: number;
  predicted_class: string;
  threshold: number;
  model: string;
  model_sha256: string;
  preprocess_time: number;
  inference_time: number;
  error?: { code: string; status: number };
}

/** Defines the suite for one kind of deployment. */
export function describeContract(kind: string, start: (content: Content) => Promise<Deployment>): void {
  describe(`the HTTP contract, ${kind}`, () => {
    let directory: string;
    let content: Content;
    let deployment: Deployment;

    before(async () => {
      directory = await mkdtemp(join(tmpdir(), "histo-contract-"));
      const models = [
        await writeModel(join(directory, "mlp")),
        await writeModel(join(directory, "wide"), { name: "wide", hidden: [40], threshold: 0.9, seed: 2 }),
      ];
      content = { models, images: await writeTiles(join(directory, "tiles")) };
      deployment = await start(content);
    });
    after(async () => {
      await deployment?.close();
      await rm(directory, { recursive: true, force: true });
    });

    const call = (path: string, init?: RequestInit) => fetch(deployment.url + path, init);
    const post = (path: string, body: BodyInit, type?: string) =>
      call(path, { method: "POST", body, ...(type ? { headers: { "content-type": type } } : {}) });
    const postJson = (path: string, body: unknown) => post(path, JSON.stringify(body), "application/json");
    const form = (...files: readonly (readonly [name: string, bytes: Uint8Array])[]) => {
      const data = new FormData();
      for (const [name, bytes] of files) data.append("image", new Blob([bytes as BlobPart]), name);
      return data;
    };
    const predicted = async (response: Response): Promise<Prediction> => {
      assert.equal(response.status, 200, await response.clone().text());
      return (await response.json()) as Prediction;
    };
    const refused = async (response: Response, status: number, code: string) => {
      const body = (await response.json()) as Record<string, unknown>;
      assert.equal(response.status, status, JSON.stringify(body));
      assert.match(response.headers.get("content-type") ?? "", /^application\/problem\+json/);
      assert.equal(body.code, code);
      assert.equal(response.headers.get("x-content-type-options"), "nosniff");
      assert.ok(response.headers.get("x-request-id"));
      assert.equal(body.status, status);
      for (const member of ["type", "title", "detail"]) assert.equal(typeof body[member], "string");
      assert.doesNotMatch(JSON.stringify(body), /node_modules|\.ts:|\.js:|\/tmp\//, "no traces, no paths");
    };

    test("an image is classified by name, as a form file and as raw bytes, with the predictor's own answer", async () => {
      const bytes = await readFile(join(content.images, "images", "MHIST_aab.png"));
      const predictor = await Predictor.open(content.models[0] as string, { threads: 1 });
      const expected = await predictor.predict(bytes);
      await predictor.close();
      const named = await predicted(await postJson("/predict", { image_filename: "MHIST_aab.png" }));
      assert.deepEqual(Object.keys(named), [
        "image_filename",
        "logit",
        "probability",
        "predicted_class",
        "threshold",
        "model",
        "model_sha256",
        "preprocess_time",
        "inference_time",
      ]);
      const uploaded = await predicted(await post("/predict", form(["mine.png", bytes])));
      const raw = await predicted(await post("/predict", bytes, "image/png"));
      assert.equal(named.image_filename, "MHIST_aab.png");
      assert.equal(uploaded.image_filename, "mine.png");
      assert.equal(raw.image_filename, null);
      for (const answer of [named, uploaded, raw]) {
        assert.ok(Math.abs(answer.logit - expected.logit) < 1e-4, `${answer.logit} against ${expected.logit}`);
        assert.ok(Math.abs(answer.probability - 1 / (1 + Math.exp(-answer.logit))) < 1e-9);
        assert.equal(answer.predicted_class, answer.probability >= answer.threshold ? "SSA" : "HP");
        assert.equal(answer.model, "mlp");
        assert.match(answer.model_sha256, /^[0-9a-f]{64}$/);
        for (const time of [answer.preprocess_time, answer.inference_time]) assert.ok(time > 0 && time < 10);
      }
    });

    test("real tiles get the predictor's logits", { skip: withoutSharedData("crc-tiles") }, async () => {
      const predictor = await Predictor.open(content.models[0] as string, { threads: 1 });
      for (const name of ["crcval_LYM-TCGA-FTVCYFDV.png", "nct_TUM-AEPINLNQ.png"]) {
        const bytes = await readFile(join(sharedData("crc-tiles") as string, "images", name));
        const { logit } = await predicted(await post("/predict", bytes, "image/png"));
        assert.ok(Math.abs(logit - (await predictor.predict(bytes)).logit) < 1e-4);
      }
      await predictor.close();
    });

    test("JPEG, WebP and TIFF are accepted too", async () => {
      const image = sharp(await tile(9));
      const encoded = { jpeg: image.clone().jpeg(), webp: image.clone().webp(), tiff: image.clone().tiff() };
      for (const [type, bytes] of Object.entries(encoded)) {
        const { logit } = await predicted(
          await post("/predict", (await bytes.toBuffer()) as BodyInit, `image/${type}`),
        );
        assert.ok(Number.isFinite(logit), type);
      }
    });

    test("two models answer side by side, each with its own threshold", async () => {
      const body = { image_filename: "MHIST_aaa.png" };
      const [first, second] = await Promise.all(
        ["mlp", "wide"].map(async (model) => predicted(await postJson(`/predict?model=${model}`, body))),
      );
      assert.equal(first?.threshold, 0.4);
      assert.equal(second?.threshold, 0.9);
      assert.equal(second?.model, "wide");
      assert.notEqual(first?.logit, second?.logit);
      assert.notEqual(first?.model_sha256, second?.model_sha256);
      await refused(await postJson("/predict?model=other", body), 404, "MODEL_NOT_FOUND");
    });

    test("a batch answers for each image, and a bad one spoils no other", async () => {
      const names = ["MHIST_aaa.png", "MHIST_zzz.png", "../../etc/passwd", 7, "MHIST_aab.png"];
      const response = await postJson("/predict/batch", { image_filenames: names });
      assert.equal(response.status, 200);
      const { results, model } = (await response.json()) as { results: Prediction[]; model: string };
      assert.equal(model, "mlp");
      assert.deepEqual(
        results.map((result) => result.error?.code ?? result.predicted_class.length > 0),
        [true, "IMAGE_NOT_FOUND", "IMAGE_NAME_INVALID", "FIELD_INVALID", true],
      );
      const alone = await predicted(await postJson("/predict", { image_filename: "MHIST_aab.png" }));
      assert.ok(Math.abs((results[4]?.logit ?? 0) - alone.logit) < 1e-4);

      const files = await post(
        "/predict/batch",
        form(["a.png", await tile(1)], ["b.png", Buffer.from("no")], ["c.png", await tile(2)]),
      );
      const uploaded = ((await files.json()) as { results: Prediction[] }).results;
      assert.deepEqual(
        uploaded.map(({ image_filename }) => image_filename),
        ["a.png", "b.png", "c.png"],
      );
      assert.equal(uploaded[1]?.error?.code, "IMAGE_TYPE_UNSUPPORTED");
    });

    test("batches have limits and a form", async () => {
      await refused(
        await postJson("/predict/batch", { image_filenames: Array(65).fill("a.png") }),
        413,
        "TOO_MANY_ITEMS",
      );
      await refused(await postJson("/predict/batch", { image_filenames: [] }), 400, "FIELD_INVALID");
      await refused(await postJson("/predict/batch", {}), 400, "FIELD_INVALID");
      await refused(
        await post("/predict/batch", (await tile(1)) as BodyInit, "image/png"),
        415,
        "CONTENT_TYPE_UNSUPPORTED",
      );
    });

    test("what cannot be read is refused with a stable code", async () => {
      const png = await tile(3);
      await refused(await post("/predict", "{", "application/json"), 400, "JSON_MALFORMED");
      await refused(await post("/predict", "[]", "application/json"), 400, "FIELD_INVALID");
      await refused(await postJson("/predict", {}), 400, "FIELD_INVALID");
      await refused(await postJson("/predict", { image_filename: 5 }), 400, "FIELD_INVALID");
      await refused(await postJson("/predict", { image_filename: "MHIST_zzz.png" }), 404, "IMAGE_NOT_FOUND");
      for (const name of ["../annotations.csv", "/etc/passwd", "a\0.png", "..\\a.png", "images/../../x.png", ".png"]) {
        await refused(await postJson("/predict", { image_filename: name }), 400, "IMAGE_NAME_INVALID");
      }
      await refused(await post("/predict", "GIF89a", "image/png"), 415, "IMAGE_TYPE_UNSUPPORTED");
      await refused(await post("/predict", "hello", "text/plain"), 415, "CONTENT_TYPE_UNSUPPORTED");
      await refused(
        await post("/predict", png.subarray(0, png.length / 2) as BodyInit, "image/png"),
        422,
        "IMAGE_CORRUPT",
      );
      await refused(await post("/predict", "", "image/png"), 422, "IMAGE_CORRUPT");
      await refused(await post("/predict", "x", "multipart/form-data"), 400, "REQUEST_MALFORMED");
      const other = new FormData();
      other.append("file", new Blob([png as BlobPart]), "a.png");
      await refused(await post("/predict", other), 400, "FIELD_INVALID");
      await refused(
        await post("/predict", new Uint8Array(10 * 2 ** 20 + 1) as BodyInit, "image/png"),
        413,
        "BODY_TOO_LARGE",
      );
    });

    test("an image with too many pixels is refused before it is decoded", async () => {
      await refused(await post("/predict", pngHeader(50_000, 50_000) as BodyInit, "image/png"), 413, "IMAGE_TOO_LARGE");
    });

    test("unknown routes and methods are told apart", async () => {
      await refused(await call("/nothing"), 404, "ROUTE_NOT_FOUND");
      await refused(await postJson("/info", {}), 405, "METHOD_NOT_ALLOWED");
      const response = await call("/predict");
      assert.equal(response.headers.get("allow"), "POST");
      await refused(response, 405, "METHOD_NOT_ALLOWED");
    });

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
      const card = await readJson<{ golden: { logit: number } }>(join(content.models[0] as string, "model.json"));
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
      assert.match(
        await (await call("/metrics")).text(),
        /histo_predictions_total\{model="mlp",class="(HP|SSA)"\} \d+/,
      );
    });

    test("images of the source are served whole and as thumbnails", async () => {
      const whole = await call("/images/MHIST_aaa.png");
      assert.equal(whole.headers.get("content-type"), "image/png");
      assert.deepEqual(
        Buffer.from(await whole.arrayBuffer()),
        await readFile(join(content.images, "images", "MHIST_aaa.png")),
      );
      const small = await call("/images/MHIST_aaa.png?thumbnail=16");
      const { width, format } = await sharp(Buffer.from(await small.arrayBuffer())).metadata();
      assert.deepEqual([width, format], [16, "jpeg"]);
      await refused(await call("/images/..%2F..%2Fannotations.csv"), 400, "IMAGE_NAME_INVALID");
      await refused(await call("/images/%E0%A4%A.png"), 400, "REQUEST_MALFORMED");
      await refused(await call("/images/MHIST_aaa.png?thumbnail=9999"), 400, "FIELD_INVALID");
    });

    test("covering parts of an image explains the answer", async () => {
      const response = await postJson("/explain?grid=4", { image_filename: "MHIST_aaa.png" });
      const { logit, contributions } = (await response.json()) as { logit: number; contributions: number[] };
      const { logit: alone } = await predicted(await postJson("/predict", { image_filename: "MHIST_aaa.png" }));
      assert.ok(Math.abs(logit - alone) < 1e-4);
      assert.equal(contributions.length, 16);
      assert.ok(contributions.some((value) => Math.abs(value) > 1e-3));
      await refused(await postJson("/explain?grid=1000", { image_filename: "MHIST_aaa.png" }), 400, "FIELD_INVALID");
    });

    test("the Open Inference Protocol answers with the same logits", async () => {
      assert.deepEqual(await (await call("/v2/health/live")).json(), { live: true });
      assert.equal((await call("/v2/health/ready")).status, 200);
      assert.deepEqual(await (await call("/v2/models/wide/ready")).json(), { name: "wide", ready: true });
      const metadata = (await (await call("/v2/models/mlp")).json()) as { inputs: { name: string; shape: number[] }[] };
      assert.deepEqual(metadata.inputs[0]?.shape, [-1, 32, 32, 3]);
      const bytes = await readFile(join(content.images, "images", "MHIST_aaa.png"));
      const pixels = await sharp(bytes).removeAlpha().raw().toBuffer();
      const { logit } = await predicted(await post("/predict", bytes as BodyInit, "image/png"));
      const infer = async (input: object) => {
        const response = await postJson("/v2/models/mlp/infer", { id: "42", inputs: [{ name: "pixels", ...input }] });
        assert.equal(response.status, 200, await response.clone().text());
        return (await response.json()) as {
          id: string;
          model_name: string;
          outputs: { name: string; shape: number[]; data: number[] }[];
        };
      };
      const raw = await infer({ datatype: "UINT8", shape: [2, 32, 32, 3], data: [...pixels, ...pixels] });
      const file = await infer({ datatype: "BYTES", shape: [1], data: [bytes.toString("base64")] });
      assert.equal(raw.id, "42");
      assert.deepEqual(raw.outputs[0]?.shape, [2, 1]);
      for (const value of [...(raw.outputs[0]?.data ?? []), ...(file.outputs[0]?.data ?? [])]) {
        assert.ok(Math.abs(value - logit) < 1e-4);
      }
      const bad = await postJson("/v2/models/mlp/infer", {
        inputs: [{ name: "pixels", datatype: "UINT8", shape: [1, 2], data: [1, 2] }],
      });
      assert.equal(typeof ((await bad.clone().json()) as { error: unknown }).error, "string");
      await refused(bad, 400, "FIELD_INVALID");
      await refused(await postJson("/v2/models/none/infer", {}), 404, "MODEL_NOT_FOUND");
    });

    test("the web page is served with its type and can be kept by the browser", async () => {
      const page = await call("/");
      assert.equal(page.status, 200);
      assert.match(page.headers.get("content-type") ?? "", /^text\/html/);
      const again = await call("/", { headers: { "if-none-match": page.headers.get("etag") ?? "" } });
      assert.equal(again.status, 304);
      assert.match(await page.text(), /<html lang="en"/);
    });

    test("an API key is asked for where one is set, but not for probes and the page", async () => {
      const locked = await start({ ...content, apiKeys: ["first-key", "second-key"] });
      try {
        const ask = (headers: Record<string, string>) => fetch(`${locked.url}/info`, { headers });
        await refused(await ask({}), 401, "UNAUTHORIZED");
        await refused(await ask({ "x-api-key": "first" }), 401, "UNAUTHORIZED");
        assert.equal((await ask({ "x-api-key": "first-key" })).status, 200);
        assert.equal((await ask({ authorization: "Bearer second-key" })).status, 200);
        for (const path of ["/livez", "/readyz", "/"]) assert.equal((await fetch(locked.url + path)).status, 200);
      } finally {
        await locked.close();
      }
    });
  });
}

/** A PNG that claims a size and ends there. */
function pngHeader(width: number, height: number): Buffer {
  const header = Buffer.from("89504e470d0a1a0a0000000d4948445200000000000000000802000000", "hex");
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  return Buffer.concat([header, Buffer.alloc(4), Buffer.from("0000000049444154", "hex"), Buffer.alloc(64)]);
}
