import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/random/index";
import { tf, withPrecision } from "../../src/tensorflow/index";

const random = new Random(1);
const numbers = (shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
    shape,
  );

/** A convolution with stride 1 and padding "same" in JavaScript's double precision. */
function plainConvolution(x: tf.Tensor4D, kernel: tf.Tensor4D): number[] {
  const [n, height, width, inputs] = x.shape;
  const [size, , , outputs] = kernel.shape;
  const [values, weights] = [x.dataSync(), kernel.dataSync()];
  const before = Math.floor((size - 1) / 2);
  const result: number[] = [];
  for (let image = 0; image < n; image++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++)
        for (let output = 0; output < outputs; output++) {
          let sum = 0;
          for (let i = 0; i < size; i++)
            for (let j = 0; j < size; j++) {
              const [y, z] = [row + i - before, column + j - before];
              if (y < 0 || z < 0 || y >= height || z >= width) continue;
              for (let c = 0; c < inputs; c++)
                sum +=
                  values[((image * height + y) * width + z) * inputs + c]! *
                  weights[((i * size + j) * inputs + c) * outputs + output]!;
            }
          result.push(sum);
        }
  return result;
}

describe("convolutions in fp32", () => {
  const x = numbers([2, 9, 7, 16]) as tf.Tensor4D;
  const kernel = numbers([3, 3, 16, 5]) as tf.Tensor4D;
  const expected = plainConvolution(x, kernel);
  const assertExact = (values: ArrayLike<number>) => {
    for (const [i, value] of expected.entries()) {
      assert.ok(Math.abs(value - (values[i] as number)) < 1e-4, `${values[i]} for ${value}`);
    }
  };

  it("are exact, alone and in tfjs's layer with bias and ReLU", () => {
    withPrecision("fp32", () => {
      assertExact(tf.conv2d(x, kernel, 1, "same").dataSync());
      const layer = tf.layers.conv2d({ filters: 5, kernelSize: 3, padding: "same", activation: "relu" });
      const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [9, 7, 16] }), layer] });
      layer.setWeights([kernel, tf.fill([5], 100)]);
      const shifted = (model.predict(x) as tf.Tensor).sub(100);
      assertExact(shifted.dataSync());
    });
  });

  it("are exact with filters of their own for each channel", () => {
    const each = numbers([3, 3, 16, 2]) as tf.Tensor4D;
    const ofChannel = tf.expandDims(tf.eye(16), 2);
    // The same filters among zeros for the other channels.
    const whole = tf.mul(tf.expandDims(each, 3), ofChannel).reshape([3, 3, 16, 32]) as tf.Tensor4D;
    const sums = plainConvolution(x, whole);
    const values = withPrecision("fp32", () => tf.depthwiseConv2d(x, each, 1, "same").dataSync());
    for (const [i, sum] of sums.entries()) assert.ok(Math.abs(sum - values[i]!) < 1e-4, `${values[i]} for ${sum}`);
  });

  it("have the stride and padding of tfjs's own", () => {
    const each = numbers([3, 3, 16, 2]) as tf.Tensor4D;
    for (const [stride, pad] of [
      [2, "same"],
      [3, "valid"],
      [1, "same"],
    ] as const) {
      for (const compute of [() => tf.conv2d(x, kernel, stride, pad), () => tf.depthwiseConv2d(x, each, stride, pad)]) {
        const [exact, native] = [withPrecision("fp32", compute), withPrecision("bf16", compute)];
        assert.deepEqual(exact.shape, native.shape);
        assert.ok((tf.max(tf.abs(tf.sub(exact, native))).dataSync()[0] as number) < 0.3);
      }
    }
  });
});
