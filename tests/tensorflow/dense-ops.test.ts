import assert from "node:assert/strict";
import { test } from "node:test";
import {
  denseBackward,
  denseBias,
  denseForward,
  hasBf16Products,
  runtime,
  setUpdateWay,
  tf,
  withPrecision,
} from "../../src/tensorflow/index";

const normal = (shape: [number, number], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed) as tf.Tensor2D;

/** Largest difference of two results of the same work, by the project's operations and by TensorFlow's. */
function difference(work: () => tf.Tensor): number {
  return tf.tidy(() => {
    const own = work();
    setUpdateWay("rule");
    try {
      return tf.max(tf.abs(tf.sub(own, work()))).dataSync()[0] as number;
    } finally {
      setUpdateWay("product");
    }
  });
}

for (const precision of hasBf16Products() ? (["fp32", "bf16"] as const) : (["fp32"] as const)) {
  test(`products of a Dense layer are TensorFlow's but for rounding, in one block and in several (${precision})`, {
    skip: !runtime.fusedUpdates && "the project's operations are not there",
  }, () => {
    const near = precision === "fp32" ? 1e-3 : 0.7;
    withPrecision(precision, () => {
      for (const [batch, rows, columns] of [
        [64, [300], 70],
        [7, [40, 40, 19], 33],
        [130, [1], 2],
      ] as const) {
        tf.tidy(() => {
          const inputs = rows.reduce((sum, count) => sum + count, 0);
          const [x, dy] = [normal([batch, inputs], 1), normal([batch, columns], 2)];
          const blocks = rows.map((count, i) => normal([count, columns], 3 + i));
          const bias = tf.randomNormal([columns], 0, 1, "float32", 9);
          assert.ok(difference(() => denseForward(x, blocks, bias)) < near);
          assert.ok(difference(() => denseBackward(dy, blocks)) < near);
          assert.ok((tf.max(tf.abs(tf.sub(denseBias(dy), tf.sum(dy, 0)))).dataSync()[0] as number) < 1e-4);
        });
      }
    });
  });
}

test("a batch without examples gives a result without rows", () => {
  tf.tidy(() => {
    const none = tf.zeros([0, 6]) as tf.Tensor2D;
    assert.deepEqual(tf.relu(none).shape, [0, 6]);
    assert.deepEqual(denseForward(none, [normal([6, 2], 1)], tf.zeros([2])).shape, [0, 2]);
    assert.deepEqual(tf.grad((x) => tf.sum(tf.relu(x)))(none).shape, [0, 6]);
    const empty = denseForward(tf.zeros([3, 0]), [tf.zeros([0, 2])], tf.tensor1d([1, 2]));
    assert.deepEqual([...empty.dataSync()], [1, 2, 1, 2, 1, 2], "a sum of nothing is zero");
  });
});

test("products of a Dense layer leave nothing behind and refuse what does not fit", {
  skip: !runtime.fusedUpdates && "the project's operations are not there",
}, () => {
  const [x, block, bias] = [normal([4, 6], 1), normal([3, 2], 2), tf.zeros([2])];
  const before = tf.memory().numTensors;
  denseForward(x, [block, block], bias).dispose();
  assert.equal(tf.memory().numTensors, before);
  assert.throws(() => denseForward(x, [block, block, block], bias), /too few columns/);
  assert.throws(() => denseBackward(x, [block]), /does not fit/);
  tf.dispose([x, block, bias]);
});
