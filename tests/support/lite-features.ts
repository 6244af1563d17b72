/** @module The features of EfficientNet-Lite as layers beside those of its ONNX graph. */
import assert from "node:assert/strict";
import type { LiteShape } from "../../src/backbones/index";
import type { SafetensorsFile } from "../../src/files/index";
import { efficientNetLite } from "../../src/models/index";
import { GraphSession } from "../../src/onnxruntime/index";
import { tf } from "../../src/tensorflow/index";
import { loadPretrained } from "../../src/training/fine-tuning";

/** Asserts that both give the same to 1e-4 for random pixels. @param file the graph */
export async function assertSameFeatures(
  shape: LiteShape,
  weights: SafetensorsFile,
  file: string,
  size: number,
): Promise<void> {
  const model = efficientNetLite(size, shape);
  await loadPretrained(model, shape, weights);
  const output = model.getLayer("average").output as tf.SymbolicTensor;
  const pixels = tf.randomNormal([2, size, size, 3], 0, 1, "float32", 4) as tf.Tensor4D;
  const features = (tf.model({ inputs: model.inputs, outputs: output }).apply(pixels) as tf.Tensor).dataSync();
  const session = await GraphSession.open(file);
  try {
    const data = tf.transpose(pixels, [0, 3, 1, 2]).dataSync() as Float32Array;
    const expected = await session.run("image", { type: "float32", data, shape: [2, 3, size, size] }, "features");
    assert.equal(features.length, expected.length);
    assert.ok(features.some((value) => value > 0.1));
    for (const [i, value] of features.entries()) {
      assert.ok(Math.abs(value - (expected[i] as number)) < 1e-4, `${value} for ${expected[i]}`);
    }
  } finally {
    await session.close();
    model.dispose();
  }
}
