import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { projectRoot } from "../../src/files/index";
import { tf } from "../../src/tensorflow/index";

const total = (tensor: tf.Tensor) => tf.sum(tensor).dataSync()[0] as number;

describe("alpha dropout", () => {
  const values = tf.randomNormal([1000, 100], 0, 1, "float32", 5);

  it("keeps mean and variance in training, and sets units to the negative saturation", () => {
    for (const rate of [0.1, 0.5]) {
      const layer = tf.layers.alphaDropout({ rate });
      const { mean, variance } = tf.moments(layer.apply(values, { training: true }) as tf.Tensor);
      assert.ok(Math.abs(mean.dataSync()[0] as number) < 0.03, `mean ${mean.dataSync()}`);
      assert.ok(Math.abs((variance.dataSync()[0] as number) - 1) < 0.03, `variance ${variance.dataSync()}`);
      const zeros = (layer.apply(tf.zeros([1, 1000]), { training: true }) as tf.Tensor).dataSync();
      const dropped = zeros.filter((value) => value < 0).length / zeros.length;
      assert.ok(Math.abs(dropped - rate) < 0.1, `${dropped} dropped`);
    }
  });

  it("is mended once, also where the module is loaded again", () => {
    const path = require.resolve("../../src/tensorflow/mended");
    delete require.cache[path];
    require(path);
    const layer = tf.layers.alphaDropout({ rate: 0.5 });
    const zeros = (layer.apply(tf.zeros([1, 1000]), { training: true }) as tf.Tensor).dataSync();
    const dropped = zeros.filter((value) => value < 0).length / zeros.length;
    assert.ok(Math.abs(dropped - 0.5) < 0.1, `${dropped} dropped`);
    assert.ok(Math.abs(Math.min(...zeros) + Math.max(...zeros)) < 0.5, `${Math.min(...zeros)} ${Math.max(...zeros)}`);
  });

  it("does nothing in prediction and at the rate 0", () => {
    const predicted = tf.layers.alphaDropout({ rate: 0.5 }).apply(values) as tf.Tensor;
    const none = tf.layers.alphaDropout({ rate: 0 }).apply(values, { training: true }) as tf.Tensor;
    for (const same of [predicted, none]) assert.equal(total(tf.abs(tf.sub(same, values))), 0);
  });
});

describe("the gradient of a largest or smallest value", () => {
  const gradientOf = (reduce: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor) => {
    const factors = tf.range(1, reduce(x).size + 1);
    return tf
      .grad((y) => tf.sum(tf.mul(tf.reshape(reduce(y), [-1]), factors)))(x)
      .arraySync();
  };

  it("is shared by equal values", () => {
    const x = tf.tensor2d([
      [3, 1, 3],
      [2, 2, 2],
    ]);
    const third = Math.fround(2 / 3);
    for (const keep of [false, true]) {
      const rows = gradientOf((y) => tf.max(y, 1, keep), x);
      assert.deepEqual(rows, [
        [0.5, 0, 0.5],
        [third, third, third],
      ]);
    }
    assert.deepEqual(
      gradientOf((y) => tf.min(y, 0), x),
      [
        [0, 2, 0],
        [1, 0, 3],
      ],
    );
    assert.deepEqual(
      gradientOf((y) => tf.max(y), x),
      [
        [0.5, 0, 0.5],
        [0, 0, 0],
      ],
    );
  });

  it("adds up to the error after global max pooling of a flat map", () => {
    const pooling = tf.layers.globalMaxPooling2d({});
    const gradient = tf.grad((x) => tf.sum(pooling.apply(x) as tf.Tensor))(tf.fill([2, 7, 7, 3], 2));
    assert.ok(Math.abs(total(gradient) - 6) < 1e-5, `${total(gradient)}`);
  });
});

/** Prints what an expression of `tf` gives in a process with these variables. */
function printed(expression: string, variables: NodeJS.ProcessEnv): string {
  const room = JSON.stringify(join(projectRoot(), "dist", "src", "tensorflow", "index.js"));
  const program = `const { tf } = require(${room}); console.log(String(${expression}))`;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", program], {
    encoding: "utf8",
    env: { ...process.env, ...variables },
  });
  assert.equal(stderr, "");
  return stdout.trim();
}

describe("without the native TensorFlow", () => {
  it("all images of a batch are transformed", () => {
    const images = "tf.reshape(tf.range(1, 13), [3, 2, 2, 1])";
    const moved = (rows: string) => {
      const expression = `tf.image.transform(${images}, tf.tensor2d(${rows}), "nearest", "constant", 0).dataSync()`;
      return printed(expression, { HISTO_TENSORFLOW: "javascript" });
    };
    const [left, up] = ["[1, 0, 1, 0, 1, 0, 0, 0]", "[1, 0, 0, 0, 1, 1, 0, 0]"];
    assert.equal(moved(`[${left}, ${up}, ${left}]`), "2,0,4,0,7,8,0,0,10,0,12,0");
    assert.equal(moved(`[${left}]`), "2,0,4,0,6,0,8,0,10,0,12,0");
    const none = `tf.image.transform(tf.zeros([0, 2, 2, 1]), tf.tensor2d([${left}]), "nearest", "constant", 0).shape`;
    assert.equal(printed(none, { HISTO_TENSORFLOW: "javascript" }), "0,2,2,1");
  });
});

describe("without the project's own operations", () => {
  const sums = (size: number, input: string) => {
    const pooled = `(x) => tf.sum(tf.maxPool(x, ${size}, ${size}, "valid"))`;
    return `tf.sum(tf.grad(${pooled})(${input})).dataSync()[0]`;
  };

  it("each window of a max pooling passes its error on, once", () => {
    const random = (size: number) =>
      sums(size, `tf.randomNormal([1, ${20 * size}, ${20 * size}, 3], 0, 1, "float32", 4)`);
    const all = [2, 3, 5].flatMap((size) => [random(size), sums(size, `tf.ones([1, ${size + 1}, ${size + 1}, 1])`)]);
    assert.equal(printed(`[${all}]`, { HISTO_NETWORK_OPS: "0" }), "1200,1,1200,1,1200,1");
  });
});
