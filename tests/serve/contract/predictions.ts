/** @module Single images: what is answered, in which forms they may come, by which model. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { Predictor } from "../../../src/inference/index";
import { tile } from "../../support/served-model";
import { sharedData, withoutSharedData } from "../../support/shared-data";
import { twelveBitPng } from "../../support/sixteen-bits";
import { type ContractClient, form } from "./client";

export function predictionCases(client: ContractClient): void {
  const { post, postJson, predicted, refused } = client;

  test("an image is classified by name, as a form file and as raw bytes, with the predictor's own answer", async () => {
    const bytes = await readFile(join(client.content.images, "images", "MHIST_aab.png"));
    const predictor = await Predictor.open(client.content.models[0] as string, { threads: 1 });
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
      "in_distribution",
      "warnings",
      "trained_on_drawn_tiles",
    ]);
    const uploaded = await predicted(await post("/predict", form(["mine.png", bytes])));
    const raw = await predicted(await post("/predict", bytes, "image/png"));
    for (const type of ["image/jpg", "image/pjpeg", "image/x-png", "image/tif"]) {
      assert.equal((await predicted(await post("/predict", bytes, type))).logit, raw.logit);
    }
    assert.equal(named.image_filename, "MHIST_aab.png");
    for (const name of ["mhist_aab.PNG", "MHIST_aab", "set\\MHIST_aab.tif"]) {
      const meant = await predicted(await postJson("/predict", { image_filename: name }));
      assert.deepEqual([meant.image_filename, meant.logit], [name, named.logit]);
    }
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
    const predictor = await Predictor.open(client.content.models[0] as string, { threads: 1 });
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
      const { logit } = await predicted(await post("/predict", (await bytes.toBuffer()) as BodyInit, `image/${type}`));
      assert.ok(Number.isFinite(logit), type);
    }
  });

  test("what is odd about an image is said with its answer", async () => {
    const pixels = new Uint8Array(100 * 100 * 3).fill(120);
    const [deep, large] = [await twelveBitPng(pixels, 100, 100), await tile(1, 100)];
    assert.deepEqual((await predicted(await post("/predict", deep as BodyInit, "image/png"))).warnings, [
      "low-bits",
      "shrunk",
      "blank",
      "no-tissue",
    ]);
    const response = await post("/predict/batch", form(["large.png", large], ["small.png", await tile(1)]));
    const { results } = (await response.json()) as { results: { warnings: string[] }[] };
    assert.deepEqual(
      results.map(({ warnings }) => warnings),
      [["shrunk"], []],
    );
    const { warnings } = (await (await client.call("/info")).json()) as { warnings: Record<string, string> };
    assert.match(warnings.shrunk ?? "", /less than half of its size.*\?tile=1/);
  });

  test("two models answer side by side, each with its own threshold", async () => {
    const body = { image_filename: "MHIST_aaa.png" };
    const [first, second] = await Promise.all(
      ["mlp", "wide"].map(async (model) => predicted(await postJson(`/predict?model=${model}`, body))),
    );
    assert.equal(first?.threshold, 0.4);
    assert.equal(second?.threshold, 0.9);
    assert.equal(second?.model, "wide");
    assert.equal(first?.trained_on_drawn_tiles, null);
    assert.equal(second?.trained_on_drawn_tiles, true);
    assert.notEqual(first?.logit, second?.logit);
    assert.notEqual(first?.model_sha256, second?.model_sha256);
    await refused(await postJson("/predict?model=other", body), 404, "MODEL_NOT_FOUND");
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
}
