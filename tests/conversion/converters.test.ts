/** Every layer class that can be exported, against the layers model itself. Weights are random, also those that start at 0. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { exportRun } from "../../src/export/index";
import { Predictor } from "../../src/inference/index";
import {
  layersModelLogits,
  randomizeWeights,
  randomPixels,
  temporaryDirectory,
  writeRun,
} from "../support/trained-run";

const { layers } = tf;
const SIZE = 11;

type Tensor = tf.SymbolicTensor;
const through =
  (...stack: tf.layers.Layer[]) =>
  (x: Tensor) =>
    stack.reduce((value, layer) => layer.apply(value) as Tensor, x);
const features = () => layers.conv2d({ filters: 6, kernelSize: 3, activation: "relu" });

/** From an image to anything; a Flatten and a Dense layer follow. */
const cases: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  "Conv2D, same padding, strides": through(layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same" })),
  "Conv2D, even kernel, dilation": through(
    layers.conv2d({ filters: 4, kernelSize: [2, 4], dilationRate: 2, useBias: false }),
  ),
  "Conv2D with BatchNormalization behind it": through(
    layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", useBias: false }),
    layers.batchNormalization(),
    layers.reLU(),
  ),
  "Conv2D with an activation, then BatchNormalization": through(
    features(),
    layers.batchNormalization({ scale: false }),
  ),
  DepthwiseConv2D: through(
    layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same", activation: "tanh" }),
  ),
  "DepthwiseConv2D with BatchNormalization": through(
    features(),
    layers.depthwiseConv2d({ kernelSize: 3, strides: 2, padding: "same" }),
    layers.batchNormalization(),
    layers.activation({ activation: "relu6" }),
  ),
  SeparableConv2D: through(
    layers.separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2, activation: "relu" }),
  ),
  "MaxPooling2D and AveragePooling2D": through(
    features(),
    layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }),
    layers.averagePooling2d({ poolSize: 2, padding: "same" }),
  ),
  GlobalAveragePooling2D: through(features(), layers.globalAveragePooling2d({ dataFormat: "channelsLast" })),
  GlobalMaxPooling2D: through(features(), layers.globalMaxPooling2d({ dataFormat: "channelsLast" })),
  "Add: a residual block": (x) => {
    const trunk = through(features())(x);
    const branch = through(
      layers.conv2d({ filters: 6, kernelSize: 3, padding: "same" }),
      layers.batchNormalization(),
    )(trunk);
    return layers.reLU().apply(layers.add().apply([trunk, branch])) as Tensor;
  },
  "Concatenate of channels": (x) =>
    layers.concatenate().apply([through(features())(x), through(features())(x)]) as Tensor,
  "Concatenate of heights": (x) =>
    layers.concatenate({ axis: 1 }).apply([through(features())(x), through(features())(x)]) as Tensor,
  "Multiply, Maximum, Average of raw pixels and features": (x) => {
    const same = through(layers.conv2d({ filters: 3, kernelSize: 3, padding: "same" }))(x);
    const product = layers.multiply().apply([x, same]) as Tensor;
    return layers.average().apply([layers.maximum().apply([product, x]) as Tensor, same]) as Tensor;
  },
  "Reshape to tokens, LayerNormalization, Dense on tokens, Permute": through(
    layers.conv2d({ filters: 8, kernelSize: 3, strides: 3 }),
    layers.reshape({ targetShape: [9, 8] }),
    layers.layerNormalization(),
    layers.dense({ units: 5, activation: "swish" }),
    layers.permute({ dims: [2, 1] }),
  ),
  GlobalAveragePooling1D: through(layers.reshape({ targetShape: [SIZE, SIZE * 3] }), layers.globalAveragePooling1d({})),
  "ZeroPadding2D of raw pixels": through(
    layers.zeroPadding2d({
      padding: [
        [1, 0],
        [2, 1],
      ],
    }),
    features(),
  ),
  "BatchNormalization of raw pixels": through(layers.batchNormalization(), features()),
  "noise and dropout": through(layers.gaussianNoise({ stddev: 3 }), layers.dropout({ rate: 0.4 }), features()),
  "activations of features": through(
    ...(["elu", "selu", "sigmoid", "softplus", "softsign", "softmax", "hardSigmoid", "gelu"] as const).flatMap(
      (activation) => [
        layers.conv2d({ filters: 4, kernelSize: 1 }),
        layers.activation({ activation: activation as "relu" }),
      ],
    ),
    layers.leakyReLU(),
    layers.elu(),
  ),
  "a model within a model": through(
    tf.sequential({
      layers: [layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [SIZE, SIZE, 3] }), layers.reLU()],
    }),
  ),
};

for (const [name, build] of Object.entries(cases)) {
  test(`exports ${name}`, async (t) => {
    const directory = await temporaryDirectory(t);
    const input = tf.input({ shape: [SIZE, SIZE, 3] });
    const body = build(input);
    const flat = body.shape.length > 2 ? (layers.flatten().apply(body) as Tensor) : body;
    const model = randomizeWeights(
      tf.model({ inputs: input, outputs: layers.dense({ units: 1 }).apply(flat) as Tensor }),
    );
    await writeRun(join(directory, "run"), model);
    await exportRun({ run: join(directory, "run"), out: join(directory, "model") });
    const predictor = await Predictor.open(join(directory, "model"), { threads: 1 });
    t.after(() => predictor.close());
    const pixels = randomPixels(3, SIZE);
    const expected = layersModelLogits(model, pixels, 3);
    for (const [i, logit] of (await predictor.predictPixels(pixels, 3)).entries()) {
      const difference = Math.abs(logit - (expected[i] as number));
      assert.ok(difference < 1e-4, `logit ${logit} where the layers model gives ${expected[i]}`);
    }
  });
}
