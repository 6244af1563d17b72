import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/random/index";
import * as matmul from "../../src/tensorflow/affine-by-matmul";
import * as composed from "../../src/tensorflow/composed-transformer-ops";
import {
  affine,
  affineGelu,
  attention,
  attribute,
  batchNormByStatistics,
  batchNormInTraining,
  callOp,
  depthwiseConvolution,
  hasNetworkOps,
  layerNorm,
  standardizedBytes,
  tf,
  withPrecision,
} from "../../src/tensorflow/index";

const random = new Random(7);
const numbers = (...shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
    shape,
  );

function assertClose(actual: tf.Tensor, expected: tf.Tensor, what: string): void {
  assert.deepEqual(actual.shape, expected.shape, what);
  const [values, wanted] = [actual.dataSync(), expected.dataSync()];
  const scale = Array.from(wanted, Math.abs).reduce((most, size) => Math.max(most, size), 1);
  for (const [i, value] of wanted.entries()) {
    const difference = Math.abs((values[i] as number) - value);
    assert.ok(difference <= 5e-6 * scale, `${what}[${i}]: ${values[i]} for ${value}`);
  }
}

type Operation = (...inputs: tf.Tensor[]) => tf.Tensor;

/** Value and all gradients of an operation and of its twin composed of tfjs's operations; and both again, bit by bit. */
function assertSame(own: Operation, twin: Operation, inputs: tf.Tensor[]): void {
  withPrecision("fp32", () => {
    const value = own(...inputs);
    assertClose(value, twin(...inputs), "value");
    const errors = numbers(...value.shape);
    const [gradients, again, expected] = [own, own, twin].map((f) => tf.grads(f)(inputs, errors));
    for (const [i, gradient] of (gradients as tf.Tensor[]).entries()) {
      assertClose(gradient, expected?.[i] as tf.Tensor, `gradient ${i}`);
      assert.deepEqual(gradient.dataSync(), again?.[i]?.dataSync(), "the same again");
    }
  });
}

it("the project's operations for networks are there", () => assert.ok(hasNetworkOps));

describe("attention", () => {
  for (const [images, tokens, heads, depth] of [
    [2, 7, 3, 5],
    [1, 16, 1, 16],
    [2, 33, 2, 20],
    [1, 196, 2, 32],
  ] as const) {
    it(`of ${tokens} tokens, ${heads} heads of ${depth}, equals softmax and products`, () => {
      const qkv = numbers(images, tokens, 3 * heads * depth);
      const [own, twin] = [attention, composed.attention].map(
        (f): Operation =>
          (x) =>
            f(x as tf.Tensor3D, heads),
      );
      assertSame(own as Operation, twin as Operation, [qkv]);
    });
  }

  it("keeps its precision where scores are large", () => {
    const qkv = tf.mul(numbers(1, 40, 3 * 8), 12) as tf.Tensor3D;
    assertClose(attention(qkv, 1), composed.attention(qkv, 1), "value");
  });

  it("gives no number where a query is none", () => {
    const values = numbers(1, 20, 3 * 8).dataSync();
    values[0] = Number.NaN;
    const [first] = attention(tf.tensor3d(values, [1, 20, 3 * 8]), 1).dataSync();
    assert.ok(Number.isNaN(first), `${first}`);
  });

  it("refuses a width that the heads do not share", () => {
    assert.throws(() => attention(numbers(1, 4, 20) as tf.Tensor3D, 3), /heads/);
  });
});

describe("operations on rows", () => {
  for (const [rows, width] of [
    [3, 5],
    [130, 16],
    [300, 40],
    [900, 150], // parts of rows on several threads, and factors that do not fit a cache
  ] as const) {
    const x = numbers(2, rows, width);
    const [kernel, bias] = [numbers(width, 70) as tf.Tensor2D, numbers(70) as tf.Tensor1D];
    it(`layer normalization of ${rows} x ${width}`, () => {
      const inputs = [x, numbers(width), numbers(width)];
      const [own, twin] = [layerNorm, composed.layerNorm].map(
        (f): Operation =>
          (...tensors) =>
            f(...(tensors as [tf.Tensor, tf.Tensor, tf.Tensor]), 1e-6),
      );
      assertSame(own as Operation, twin as Operation, inputs);
    });
    it(`products with a bias of ${rows} x ${width}`, () => {
      for (const own of [affine, matmul.affine]) {
        assertSame(own as Operation, composed.affine as Operation, [x, kernel, bias]);
      }
    });
    it(`GELU behind a product of ${rows} x ${width}`, () => {
      const twin = (...tensors: tf.Tensor[]) =>
        composed.gelu(composed.affine(...(tensors as [tf.Tensor, tf.Tensor2D, tf.Tensor1D])));
      for (const own of [affineGelu, matmul.affineGelu]) assertSame(own as Operation, twin, [x, kernel, bias]);
    });
  }

  it("products of one output, and of no rows", () => {
    const [kernel, bias] = [numbers(33, 1) as tf.Tensor2D, numbers(1) as tf.Tensor1D];
    assertSame(affine as Operation, composed.affine as Operation, [numbers(7, 33), kernel, bias]);
    const none = tf.zeros([0, 33]);
    const [toX, toKernel, toBias] = tf.grads(affine as Operation)([none, kernel, bias], tf.zeros([0, 1]));
    assert.deepEqual([toX?.shape, toKernel?.shape, toBias?.shape], [[0, 33], [33, 1], [1]]);
    assert.ok(
      [...(toKernel as tf.Tensor).dataSync(), ...(toBias as tf.Tensor).dataSync()].every((value) => value === 0),
    );
  });

  it("products refuse weights that do not fit", () => {
    assert.throws(() => affine(numbers(4, 5), numbers(6, 3) as tf.Tensor2D, numbers(3) as tf.Tensor1D), /weights/);
    assert.throws(() => affineGelu(numbers(4, 5), numbers(5, 3) as tf.Tensor2D, numbers(2) as tf.Tensor1D), /bias/);
  });

  it("GELU is exact far from zero", () => {
    const x = tf.tensor2d([-40, -9, -5, -1e-3, 0, 1e-3, 5, 9, 40], [9, 1]);
    const y = affineGelu(x, tf.tensor2d([[1]]), tf.tensor1d([0])).dataSync();
    const expected = [0, 0, -1.4332579e-6, -4.996011e-4, 0, 5.003989e-4, 4.9999986, 9, 40];
    for (const [i, value] of expected.entries()) assert.ok(Math.abs((y[i] as number) - value) < 1e-6, `${i}: ${y[i]}`);
  });
});

describe("depthwise convolution", () => {
  for (const [shape, kernel, stride] of [
    [[2, 6, 7, 5], 3, 1],
    [[3, 9, 8, 16], 3, 2],
    [[2, 8, 5, 40], 5, 2],
    [[1, 4, 4, 3], 5, 1],
    [[2, 1, 1, 8], 5, 2],
  ] as const) {
    it(`of ${shape} by ${kernel} x ${kernel}, stride ${stride}, equals TensorFlow's`, () => {
      const own: Operation = (x, k) => depthwiseConvolution(x as tf.Tensor4D, k as tf.Tensor4D, stride);
      const twin: Operation = (x, k) => tf.depthwiseConv2d(x as tf.Tensor4D, k as tf.Tensor4D, stride, "same");
      assertSame(own, twin, [numbers(...shape), numbers(kernel, kernel, shape[3], 1)]);
    });
  }

  it("refuses a kernel of other channels", () => {
    const [x, kernel] = [numbers(1, 4, 4, 3), numbers(3, 3, 4, 1)] as [tf.Tensor4D, tf.Tensor4D];
    assert.throws(() => depthwiseConvolution(x, kernel, 1), /channels of x/);
  });
});

describe("batch normalization", () => {
  const epsilon = 1e-3;
  const normalized = (x: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
    tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon))), gamma), beta);
  const three = (tensors: tf.Tensor[]) => tensors as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D];

  for (const [relu6, shape] of [
    [false, [3, 4, 5, 7]],
    [true, [2, 13, 11, 16]],
  ] as const) {
    const clipped = (y: tf.Tensor) => (relu6 ? tf.relu6(y) : y);
    const inputs = [numbers(...shape), tf.mul(numbers(shape[3]), 3), numbers(shape[3])];

    it(`by the batch, of ${shape}${relu6 ? ", with ReLU6" : ""}`, () => {
      const own: Operation = (...tensors) => batchNormInTraining(...three(tensors), { epsilon, relu6 }).y;
      const twin: Operation = (x, gamma, beta) => {
        const { mean, variance } = tf.moments(x as tf.Tensor, [0, 1, 2]);
        return clipped(normalized(x as tf.Tensor, mean, variance, gamma as tf.Tensor, beta as tf.Tensor));
      };
      assertSame(own, twin, inputs);
    });

    it(`by given statistics, of ${shape}${relu6 ? ", with ReLU6" : ""}`, () => {
      const [mean, variance] = [numbers(shape[3]), tf.abs(numbers(shape[3]))] as [tf.Tensor1D, tf.Tensor1D];
      const own: Operation = (...tensors) =>
        batchNormByStatistics(...three(tensors), [mean, variance], { epsilon, relu6 });
      const twin: Operation = (x, gamma, beta) =>
        clipped(normalized(x as tf.Tensor, mean, variance, gamma as tf.Tensor, beta as tf.Tensor));
      assertSame(own, twin, inputs);
    });
  }

  it("does not clip what is no number to 0", () => {
    const x = tf.fill([2, 3, 3, 5], Number.NaN) as tf.Tensor4D;
    const [ones, zeros] = [tf.ones([5]), tf.zeros([5])] as [tf.Tensor1D, tf.Tensor1D];
    const options = { epsilon, relu6: true };
    const both = [
      batchNormInTraining(x, ones, zeros, options).y,
      batchNormByStatistics(x, ones, zeros, [zeros, ones], options),
    ];
    for (const y of both) assert.ok(y.dataSync().every(Number.isNaN));
  });

  it("keeps its precision where the mean is large", () => {
    const x = tf.add(numbers(4, 10, 10, 3), 1000) as tf.Tensor4D;
    const { mean, variance } = batchNormInTraining(x, tf.ones([3]), tf.zeros([3]), { epsilon });
    const centred = tf.sub(x, 1000);
    const expected = tf.moments(centred, [0, 1, 2]);
    const error = tf.max(tf.abs(tf.sub(tf.sub(mean, 1000), expected.mean))).dataSync()[0] as number;
    assert.ok(error <= 6.2e-5, `${error}`); // what float32 rounds 1000 to
    assertClose(variance, tf.mul(expected.variance, 400 / 399), "variance");
  });
});

describe("maps", () => {
  it("are pooled as TensorFlow does, whatever the number of channels", () => {
    for (const shape of [
      [2, 8, 6, 3],
      [1, 9, 7, 16],
      [3, 4, 4, 40],
    ]) {
      const x = numbers(...shape) as tf.Tensor4D;
      const window = [1, 2, 2, 1] as unknown as number;
      const sizes = [attribute.int("ksize", window), attribute.int("strides", window)];
      const texts = [attribute.text("padding", "VALID"), attribute.text("data_format", "NHWC")];
      const expected = callOp("MaxPool", [attribute.float32("T"), ...sizes, ...texts], [x]);
      assert.deepEqual(tf.maxPool(x, 2, 2, "valid").dataSync(), expected.dataSync());
    }
  });

  it("keep what is no number, wherever it stands in its window", () => {
    for (const channels of [1, 3, 16, 21]) {
      for (const place of [0, 1, 2, 3]) {
        const values = new Float32Array(4 * channels).fill(-1);
        values.fill(Number.NaN, place * channels, (place + 1) * channels);
        const y = tf.maxPool(tf.tensor4d(values, [1, 2, 2, channels]), 2, 2, "valid").dataSync();
        assert.ok(y.every(Number.isNaN), `${channels} channels, pixel ${place}: ${y}`);
      }
    }
  });

  it("give the error to the first of equal pixels", () => {
    const pool = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid");
    const dx = tf.grad(pool)(tf.ones([1, 2, 2, 1]), tf.tensor4d([5], [1, 1, 1, 1]));
    assert.deepEqual([...dx.dataSync()], [5, 0, 0, 0]);
  });

  it("are standardized by channel", () => {
    const bytes = Uint8Array.from({ length: 100 * 3 }, (_, i) => (i * 37) % 256);
    const [shift, scale] = [
      [100, 120, 140],
      [0.01, 0.02, 0.03],
    ] as const;
    const values = standardizedBytes(bytes, [1, 10, 10, 3], shift, scale).dataSync();
    for (const [i, byte] of bytes.entries()) {
      const expected = (byte - (shift[i % 3] as number)) * (scale[i % 3] as number);
      assert.ok(Math.abs((values[i] as number) - expected) < 1e-6);
    }
  });
});
