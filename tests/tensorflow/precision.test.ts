import assert from "node:assert/strict";
import { test } from "node:test";
import { runtime, setPrecision, tensorFlowHasBf16, tf, withPrecision } from "../../src/tensorflow/index";

/** Large enough for TensorFlow to think of bf16. */
const [ROWS, DEPTH, COLUMNS] = [64, 2048, 64];

/** Largest error of a product against sums in double precision. */
function errorOf(product: (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Tensor): number {
  return tf.tidy(() => {
    const [a, b] = [
      tf.randomNormal([ROWS, DEPTH], 0, 1, "float32", 1),
      tf.randomNormal([DEPTH, COLUMNS], 0, 1, "float32", 2),
    ];
    const [x, y] = [a.arraySync() as number[][], b.arraySync() as number[][]];
    const z = product(a as tf.Tensor2D, b as tf.Tensor2D).dataSync();
    let worst = 0;
    for (let i = 0; i < ROWS; i++) {
      for (let j = 0; j < COLUMNS; j++) {
        let sum = 0;
        for (let k = 0; k < DEPTH; k++) sum += x[i]![k]! * y[k]![j]!;
        worst = Math.max(worst, Math.abs(sum - z[i * COLUMNS + j]!));
      }
    }
    return worst;
  });
}

test("the native TensorFlow is in use", () => {
  assert.equal(runtime.kind, "native", runtime.problem);
});

test("fp32 products are exact to float32, for matrices, batches and layers", () => {
  setPrecision("fp32");
  assert.ok(errorOf((a, b) => tf.matMul(a, b)) < 1e-3);
  assert.ok(
    errorOf((a, b) =>
      tf
        .matMul(tf.stack([a, a]), tf.stack([b, b]))
        .slice(1, 1)
        .reshape([ROWS, COLUMNS]),
    ) < 1e-3,
  );
  assert.ok(errorOf((a, b) => tf.matMul(a.transpose(), b, true, false)) < 1e-3);
  const layer = (a: tf.Tensor2D, b: tf.Tensor2D) => {
    const dense = tf.layers.dense({ units: COLUMNS, useBias: false });
    dense.apply(a);
    dense.setWeights([b]);
    return dense.apply(a) as tf.Tensor;
  };
  assert.ok(errorOf(layer) < 1e-3);
});

test("bf16 rounds the factors of a product, and only within its scope", {
  skip: !tensorFlowHasBf16() && "this processor has no products that round to bf16",
}, () => {
  const rounded = withPrecision("bf16", () => errorOf((a, b) => tf.matMul(a, b)));
  assert.ok(rounded > 1e-2 && rounded < 1, `error ${rounded}`);
  assert.ok(errorOf((a, b) => tf.matMul(a, b)) < 1e-3);
});
