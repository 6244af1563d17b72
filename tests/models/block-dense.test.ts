import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockDense } from "../../src/models/index";
import {
  isFactored,
  lossAndGradients,
  multiplyOut,
  setPrecision,
  squaredNorm,
  tf,
  trainableVariables,
} from "../../src/tensorflow/index";

setPrecision("fp32");

function modelOf(first: tf.layers.Layer): tf.LayersModel {
  const input = tf.input({ shape: [50] });
  const hidden = tf.layers.reLU().apply(first.apply(input)) as tf.SymbolicTensor;
  const logit = tf.layers.dense({ units: 1, kernelInitializer: tf.initializers.glorotUniform({ seed: 3 }) });
  return tf.model({ inputs: input, outputs: logit.apply(hidden) as tf.SymbolicTensor });
}

/** The same network with an ordinary dense layer. */
function plainTwin(model: tf.LayersModel, units: number): tf.LayersModel {
  const twin = modelOf(tf.layers.dense({ units }));
  const weights = trainableVariables(model);
  const blocks = weights.filter((weight) => weight.rank === 2 && weight.shape[1] === units);
  const [kernel, bias] = [tf.concat(blocks), weights.find((weight) => weight.rank === 1 && weight.size === units)!];
  twin.setWeights([kernel, bias, ...weights.slice(blocks.length + 1)]);
  return twin;
}

test("a block-dense layer and its gradients equal a dense layer's", () => {
  const model = modelOf(new BlockDense({ units: 6, seed: 1, blockRows: 16 }));
  const twin = plainTwin(model, 6);
  const x = tf.randomNormal([9, 50], 0, 1, "float32", 5);
  const y = tf.ones([9, 1]);
  const lossOf = (network: tf.LayersModel) => () =>
    tf.losses.sigmoidCrossEntropy(y, network.apply(x) as tf.Tensor) as tf.Scalar;
  const [ours, plain] = [lossAndGradients(model, lossOf(model)), lossAndGradients(twin, lossOf(twin))];
  assert.ok(Math.abs(ours.loss.dataSync()[0]! - plain.loss.dataSync()[0]!) < 1e-6);
  const gradients = trainableVariables(model).map((variable) => ours.gradients.get(variable)!);
  const factored = gradients.filter(isFactored);
  assert.equal(factored.length, 4);
  const kernel = tf.concat(factored.map(multiplyOut));
  const expected = trainableVariables(twin).map((variable) => plain.gradients.get(variable) as tf.Tensor);
  const close = (a: tf.Tensor, b: tf.Tensor) => assert.ok(tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]! < 1e-6);
  close(kernel, expected[0]!);
  close(gradients[4] as tf.Tensor, expected[1]!);
  close(gradients[5] as tf.Tensor, expected[2]!);
  const norm = factored.reduce((sum, gradient) => sum + squaredNorm(gradient).dataSync()[0]!, 0);
  assert.ok(Math.abs(norm - tf.sum(tf.square(expected[0]!)).dataSync()[0]!) < 1e-6);
});

test("how the kernel is cut into blocks does not change the network", () => {
  const x = tf.randomNormal([4, 50], 0, 1, "float32", 5);
  const saved = [7, 50, 64].map((blockRows) => {
    const layer = new BlockDense({ units: 6, seed: 1, blockRows });
    layer.apply(x);
    return layer.namedWeights()[0]!;
  });
  assert.deepEqual(
    saved.map(({ shape }) => shape),
    [
      [50, 6],
      [50, 6],
      [50, 6],
    ],
  );
  assert.deepEqual(
    saved.map(({ parts }) => parts.length),
    [8, 1, 1],
  );
});

test("the gradient of the input, for layers that are not the first, equals a dense layer's", () => {
  const x = tf.randomNormal([4, 50], 0, 1, "float32", 5);
  const towards = (layer: tf.layers.Layer) =>
    tf
      .grad((input) => tf.sum(tf.square(layer.apply(input) as tf.Tensor)))(x)
      .arraySync();
  const layer = new BlockDense({ units: 6, seed: 1, blockRows: 16, inputGradient: true });
  layer.apply(x);
  const plain = tf.layers.dense({ units: 6 });
  plain.apply(x);
  const [kernel, bias] = layer.namedWeights().map(({ parts }) => tf.concat([...parts]));
  plain.setWeights([kernel!, bias!]);
  const close = tf.max(tf.abs(tf.sub(towards(layer) as number[][], towards(plain) as number[][])));
  assert.ok(close.dataSync()[0]! < 1e-5);
});
