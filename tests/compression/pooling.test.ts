import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { BlockGrid, fitInterpolation, Pooling } from "../../src/compression/pooling";
import type { LinearMap } from "../../src/conversion/linear";
import { collect, matrixOf } from "../../src/conversion/matrix";
import { ExternalData } from "../../src/onnx/external-data";
import { GraphBuilder } from "../../src/onnx/graph";
import { loadRuntime } from "../../src/onnxruntime/index";
import { Random } from "../../src/random/index";

const SIZE = 16;
const OUTPUTS = 7;

/** Sums of a few long waves in each channel, as in an image out of focus. Raw pixels, uint8 [count, SIZE, SIZE, 3]. */
function smoothImages(count: number, seed: number): Uint8Array {
  const random = new Random(seed);
  const pixels = new Uint8Array(count * SIZE * SIZE * 3);
  for (let image = 0, at = 0; image < count; image++) {
    const waves = Array.from({ length: 6 }, () => [random.normal(0, 2), random.normal(0, 2), random.uniform(0, 6)]);
    for (let y = 0; y < SIZE; y++)
      for (let x = 0; x < SIZE; x++)
        for (let c = 0; c < 3; c++, at++)
          pixels[at] =
            128 + 20 * waves.reduce((sum, [u, v, phase]) => sum + Math.sin((u! * x + v! * y) / SIZE + phase! + c), 0);
  }
  return pixels;
}

function randomMap(): LinearMap {
  const random = new Random(5);
  const values = Float32Array.from({ length: SIZE * SIZE * 3 * OUTPUTS }, () => random.normal());
  const bias = Float64Array.from({ length: OUTPUTS }, () => random.normal());
  return { matrix: matrixOf(values, SIZE * SIZE * 3, OUTPUTS), bias };
}

/** x W + b for whole numbers x. */
async function apply({ matrix, bias }: LinearMap, inputs: Uint8Array): Promise<Float32Array> {
  const { rows, columns } = matrix;
  const kernel = tf.tensor2d(await collect(matrix), [rows, columns]);
  const x = tf.tensor2d(Float32Array.from(inputs), [inputs.length / rows, rows]);
  return (await x
    .matMul(kernel)
    .add(tf.tensor1d(Float32Array.from(bias)))
    .data()) as Float32Array;
}

/** What the graph makes of pixels. */
async function averages(pooling: Pooling, pixels: Uint8Array): Promise<Uint8Array> {
  const { InferenceSession, Tensor } = await loadRuntime();
  const graph = new GraphBuilder(new ExternalData("", ""));
  graph.name(await pooling.write(graph, "pixels"), "averages");
  const inputs = SIZE * SIZE * 3;
  const model = await graph.encode(
    [{ name: "pixels", type: "uint8", shape: ["n", inputs] }],
    [{ name: "averages", type: "uint8", shape: ["n", "k"] }],
  );
  const session = await InferenceSession.create(model);
  const { averages: result } = await session.run({
    pixels: new Tensor("uint8", pixels, [pixels.length / inputs, inputs]),
  });
  await session.release();
  return result?.data as Uint8Array;
}

for (const factor of [2, 3, 4]) {
  test(`blocks of ${factor}x${factor} pixels are averaged, the last pixels repeated beyond the edge`, async () => {
    const pixels = smoothImages(3, 1);
    const got = await averages(new Pooling(SIZE, factor, smoothImages(20, 2)), pixels);
    const beyond = Math.ceil(SIZE / factor) * factor - SIZE;
    const image = tf.tensor4d(Float32Array.from(pixels), [3, SIZE, SIZE, 3]);
    const last = Array.from({ length: SIZE + beyond }, (_, i) => Math.min(i, SIZE - 1));
    const expected = tf.avgPool(image.gather(last, 1).gather(last, 2) as tf.Tensor4D, factor, factor, "valid");
    for (const [i, value] of expected.dataSync().entries()) assert.ok(Math.abs(got[i]! - value) <= 0.501);
  });

  test(`a map of images out of focus agrees with its map of averages of ${factor}x${factor} pixels`, async () => {
    const pooling = new Pooling(SIZE, factor, smoothImages(20, 2));
    const map = randomMap();
    const unseen = smoothImages(30, 3);
    const expected = await apply(map, unseen);
    const got = await apply(await pooling.mapOf(map), await averages(pooling, unseen));
    const difference = expected.reduce((sum, value, i) => sum + (value - got[i]!) ** 2, 0);
    const size = expected.reduce((sum, value) => sum + value ** 2, 0);
    assert.ok(difference < 1e-3 * size, `${difference / size}`);
  });
}

test("an interpolation leaves flat images flat, and prefers near averages to far ones", () => {
  const weights = fitInterpolation(new BlockGrid(SIZE, 2), smoothImages(20, 2));
  assert.equal(weights.length, 4);
  for (const ofPlace of weights) {
    assert.ok(Math.abs(ofPlace.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-12);
    assert.ok(ofPlace[12]! > Math.abs(ofPlace[0]!));
  }
});

test("images of one colour alone can be fitted too", async () => {
  const grey = new Uint8Array(4 * SIZE * SIZE * 3).fill(90);
  const pooling = new Pooling(SIZE, 4, grey);
  const map = randomMap();
  const [expected, got] = [
    await apply(map, grey),
    await apply(await pooling.mapOf(map), await averages(pooling, grey)),
  ];
  for (const [i, value] of expected.entries()) assert.ok(Math.abs(value - got[i]!) < 1e-2 * (1 + Math.abs(value)));
});
