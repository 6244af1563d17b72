/** @module Many images in one request. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { tile } from "../../support/served-model";
import { type ContractClient, form, type Prediction } from "./client";

export function batchCases(client: ContractClient): void {
  const { post, postJson, predicted, refused } = client;

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
}
