import "../support/float32";
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { projectRoot, readJson } from "../../src/files/index";
import { cnn, mlpOnFeatures, namedWeights, saveTopology, vit } from "../../src/models/index";
import {
  attribute,
  callOp,
  lossAndGradients,
  multiplyOut,
  setPrecision,
  tf,
  variableOf,
} from "../../src/tensorflow/index";
import { temporaryDirectory } from "../support/temporary-directory";
import { loadTopology } from "../support/topology";

interface Reference {
  readonly logits: number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, number[]>>;
}

const referenceOf = (name: string) =>
  readJson<Reference>(join(projectRoot(), "tests", "models", "fixtures", `${name}.json`));

/** The formula of `make_reference.py`. */
function numbersOf(name: string, count: number, scale: number, offset = 0): Float32Array {
  const start = [...name].reduce((sum, letter, i) => sum + (i + 1) * letter.charCodeAt(0), 0);
  return Float32Array.from({ length: count }, (_, i) => {
    const word = Number((BigInt(start + i + 1) * 2654435761n) % 4294967296n);
    return offset + scale * (word / 2 ** 32 - 0.5);
  });
}

function fill(model: tf.LayersModel): void {
  for (const { name, parts, shape } of namedWeights(model)) {
    if (name.includes("moving_")) continue;
    const scale = name === "logit/kernel" && model.name === "cnn" ? 2 : 1;
    const values = numbersOf(
      name,
      shape.reduce((a, b) => a * b, 1),
      scale,
      name.endsWith("/gamma") ? 1 : 0,
    );
    parts[0]?.assign(tf.tensor(values, shape as number[]));
  }
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.equal(actual.length, expected.length, what);
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    assert.ok(difference < 2e-5 * scale + 2e-6, `${what}[${i}]: ${actual[i]} for ${expected[i]}`);
  }
}

/** Compares logits and all gradients of a training step with PyTorch's. */
async function assertLikePyTorch(model: tf.LayersModel, name: "cnn" | "vit", size: number): Promise<void> {
  setPrecision("fp32");
  const reference = await referenceOf(name);
  fill(model);
  const pixels = tf.tensor4d(numbersOf("pixels", 3 * size * size * 3, 2), [3, size, size, 3]);
  const labels = tf.tensor2d([0, 1, 1], [3, 1]);
  const logits = tf.tidy(() => (model.apply(pixels, { training: true }) as tf.Tensor).dataSync());
  assertClose(logits, reference.logits, "logits");
  const { loss, gradients } = lossAndGradients(model, () =>
    tf.tidy(() => {
      const output = model.apply(pixels, { training: true }) as tf.Tensor2D;
      return tf.losses.sigmoidCrossEntropy(labels, output).asScalar();
    }),
  );
  assertClose(loss.dataSync(), [reference.loss], "loss");
  const names = new Map(namedWeights(model).map((weight) => [weight.parts[0], weight.name]));
  assert.equal(gradients.size, Object.keys(reference.gradients).length);
  for (const [variable, gradient] of gradients) {
    const weight = names.get(variable) as string;
    assertClose(multiplyOut(gradient).dataSync(), reference.gradients[weight] as number[], weight);
  }
}

describe("cnn", () => {
  it("gives PyTorch's logits and gradients", () => assertLikePyTorch(cnn(12, { channels: [4, 6] }), "cnn", 12));

  it("keeps running statistics like Keras: the batch's mean, and its variance with Bessel's correction", () => {
    const model = cnn(12, { channels: [4] });
    fill(model);
    const pixels = tf.tensor4d(numbersOf("pixels", 3 * 12 * 12 * 3, 2), [3, 12, 12, 3]);
    model.apply(pixels, { training: true });
    const layer = model.getLayer("norm_1");
    const pooled = tf
      .model({ inputs: model.inputs, outputs: model.getLayer("pool_1").output })
      .predict(pixels) as tf.Tensor;
    const { mean, variance } = tf.moments(pooled, [0, 1, 2]);
    const count = pooled.size / 4;
    const [movingMean, movingVariance] = layer.weights.slice(2).map((weight) => variableOf(weight).dataSync());
    assertClose(movingMean as ArrayLike<number>, tf.mul(mean, 0.1).dataSync(), "mean");
    const expected = tf.add(tf.mul(variance, (0.1 * count) / (count - 1)), 0.9).dataSync();
    assertClose(movingVariance as ArrayLike<number>, expected, "variance");
  });

  it("takes tiles of any size: small ones leave out the last blocks", () => {
    for (const size of [8, 33, 130]) {
      const logits = cnn(size).predict(tf.zeros([1, size, size, 3])) as tf.Tensor;
      assert.deepEqual(logits.shape, [1, 1]);
    }
  });
});

describe("vit", () => {
  const small = { patch: 4, features: 8, blocks: 2, heads: 2, expansion: 2 };
  it("gives PyTorch's logits and gradients", () => assertLikePyTorch(vit(8, small), "vit", 8));

  it("says which size it can take", () => {
    assert.throws(() => vit(100), { code: "SIZE_NOT_PATCHES" });
  });
});

describe("topology", () => {
  for (const [name, make] of [
    ["cnn", () => cnn(16, { channels: [4, 6], dropout: 0.2 })],
    ["vit", () => vit(8, { patch: 4, features: 8, blocks: 1, heads: 2, dropout: 0.2 })],
  ] as const) {
    it(`of a ${name} is read back, by tfjs's own layers where the class is Keras's`, async (context) => {
      const folder = await temporaryDirectory(context);
      const model = make();
      await saveTopology(model, join(folder, "topology.json"));
      const again = await loadTopology(join(folder, "topology.json"));
      fill(model);
      fill(again);
      assert.deepEqual(
        namedWeights(again).map((weight) => weight.name),
        namedWeights(model).map((weight) => weight.name),
      );
      const size = model.inputs[0]?.shape[1] as number;
      const pixels = tf.tensor4d(numbersOf("pixels", 2 * size * size * 3, 2), [2, size, size, 3]);
      const logits = [model, again].map((one) => (one.predict(pixels) as tf.Tensor).dataSync());
      assertClose(logits[1] as ArrayLike<number>, logits[0] as ArrayLike<number>, "logits");
    });
  }
});

describe("gradient of max pooling", () => {
  it("equals TensorFlow's own, with a rest at the edges too", () => {
    for (const [height, width] of [
      [8, 8],
      [9, 7],
    ] as const) {
      const x = tf.tensor4d(numbersOf("x", 2 * height * width * 3, 4), [2, height, width, 3]);
      const dy = tf.tensor4d(numbersOf("dy", 2 * 4 * Math.floor(width / 2) * 3, 2), [2, 4, Math.floor(width / 2), 3]);
      const quick = tf.grads((input: tf.Tensor) => tf.maxPool(input as tf.Tensor4D, 2, 2, "valid"))(
        [x],
        dy,
      )[0] as tf.Tensor;
      const window = [1, 2, 2, 1] as unknown as number;
      const attributes = [
        attribute.float32("T"),
        attribute.int("ksize", window),
        attribute.int("strides", window),
        attribute.text("padding", "VALID"),
        attribute.text("data_format", "NHWC"),
      ];
      const native = callOp("MaxPoolGrad", attributes, [x, tf.maxPool(x, 2, 2, "valid"), dy]);
      assertClose(quick.dataSync(), native.dataSync(), `${height} x ${width}`);
    }
  });
});

it("an MLP with batch normalization predicts after 40 batches as it trains", () => {
  const model = mlpOnFeatures(6, { hidden: [8], normalization: "batch", seed: 3 });
  const x = tf.tensor2d(Float32Array.from(numbersOf("features", 32 * 6, 8, 5)), [32, 6]);
  const logits = (training: boolean) => (model.apply(x, { training }) as tf.Tensor).dataSync();
  for (let batch = 0; batch < 40; batch++) logits(true);
  const [trained, predicted] = [logits(true), logits(false)];
  for (const [i, logit] of predicted.entries()) assert.ok(Math.abs(logit - (trained[i] as number)) < 0.05, `${logit}`);
});
