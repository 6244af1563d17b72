/** @module The Open Inference Protocol. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import type { ContractClient } from "./client";

export function openInferenceCases(client: ContractClient): void {
  const { call, post, postJson, predicted, refused } = client;

  test("the Open Inference Protocol answers with the same logits", async () => {
    assert.deepEqual(await (await call("/v2/health/live")).json(), { live: true });
    assert.equal((await call("/v2/health/ready")).status, 200);
    assert.deepEqual(await (await call("/v2/models/wide/ready")).json(), { name: "wide", ready: true });
    const metadata = (await (await call("/v2/models/mlp")).json()) as { inputs: { name: string; shape: number[] }[] };
    assert.deepEqual(metadata.inputs[0]?.shape, [-1, 32, 32, 3]);
    const bytes = await readFile(join(client.content.images, "images", "MHIST_aaa.png"));
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
    const counted = async () => {
      const text = await (await call("/metrics")).text();
      const counts = [...text.matchAll(/^histo_predictions_total\{model="mlp".*\} (\d+)$/gm)];
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    };
    const before = await counted();
    const raw = await infer({ datatype: "UINT8", shape: [2, 32, 32, 3], data: [...pixels, ...pixels] });
    const file = await infer({ datatype: "BYTES", shape: [1], data: [bytes.toString("base64")] });
    assert.equal((await counted()) - before, 3, "they count as classified images");
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

  test("a bad image among good ones is named by its place, as the protocol has no answer for each image", async () => {
    const good = await readFile(join(client.content.images, "images", "MHIST_aaa.png"));
    const data = [good, good.subarray(0, good.length / 2), good].map((bytes) => bytes.toString("base64"));
    const response = await postJson("/v2/models/mlp/infer", {
      inputs: [{ name: "pixels", datatype: "BYTES", shape: [3], data }],
    });
    assert.match(((await response.clone().json()) as { error: string }).error, /^data\[1\]: /);
    await refused(response, 422, "IMAGE_CORRUPT");
  });
}
