import assert from "node:assert/strict";
import { test } from "node:test";
import { splitMap } from "../../src/compression/low-rank";
import type { LinearMap } from "../../src/conversion/linear";
import { collect, matrixOf } from "../../src/conversion/matrix";
import { Random } from "../../src/random/index";

const INPUTS = 48;
const PIXELS = { scale: [0.01, 0.02, 0.015], shift: [-1, -2, -1.5] };

function randomMap(outputs: number): LinearMap {
  const random = new Random(outputs);
  const values = Float32Array.from({ length: INPUTS * outputs }, () => random.normal());
  return {
    matrix: matrixOf(values, INPUTS, outputs),
    bias: Float64Array.from({ length: outputs }, () => random.normal()),
  };
}

/** Images that vary in `directions` directions. */
function images(count: number, directions: number): Uint8Array {
  const random = new Random(9);
  const patterns = Array.from({ length: directions }, () =>
    Float64Array.from({ length: INPUTS }, () => random.integer(3) - 1),
  );
  const pixels = new Uint8Array(count * INPUTS);
  for (let i = 0; i < count; i++) {
    const weights = patterns.map(() => random.integer(9) - 4);
    for (let k = 0; k < INPUTS; k++)
      pixels[i * INPUTS + k] = 128 + patterns.reduce((sum, p, d) => sum + p[k]! * weights[d]!, 0);
  }
  return pixels;
}

/** x W + b for standardized pixels. */
async function apply({ matrix, bias }: LinearMap, inputs: Float64Array): Promise<Float64Array> {
  const { rows, columns } = matrix;
  const values = await collect(matrix);
  const outputs = new Float64Array((inputs.length / rows) * columns);
  for (let i = 0; i < outputs.length; i++) {
    const [row, column] = [Math.floor(i / columns), i % columns];
    let sum = bias[column]!;
    for (let k = 0; k < rows; k++) sum += inputs[row * rows + k]! * values[k * columns + column]!;
    outputs[i] = sum;
  }
  return outputs;
}

function standardized(pixels: Uint8Array): Float64Array {
  return Float64Array.from(pixels, (x, i) => x * PIXELS.scale[i % 3]! + PIXELS.shift[i % 3]!);
}

for (const [outputs, count] of [
  [20, 30],
  [60, 30],
] as const) {
  test(`a map to ${outputs} outputs is split exactly where ${count} images vary in 5 directions`, async () => {
    const map = randomMap(outputs);
    const split = await splitMap(map, { images: images(count, 5), pixels: PIXELS, maximumRank: 16 });
    assert.equal(split.rank, 5);
    const unseen = standardized(images(count + 10, 5)).subarray(count * INPUTS);
    const expected = await apply(map, unseen);
    const { first, second } = split.truncated(5);
    const got = await apply(second, await apply(first, unseen));
    for (const [i, value] of expected.entries()) assert.ok(Math.abs(value - got[i]!) < 1e-3, `${value} ${got[i]}`);
  });
}

test("lower ranks lose more, and use the same first components", async () => {
  const map = randomMap(40);
  const pixels = images(60, 12);
  const split = await splitMap(map, { images: pixels, pixels: PIXELS, maximumRank: 12 });
  const inputs = standardized(pixels);
  const expected = await apply(map, inputs);
  let before = Number.POSITIVE_INFINITY;
  for (const rank of [1, 4, 8, 12]) {
    const { first, second } = split.truncated(rank);
    const got = await apply(second, await apply(first, inputs));
    const error = expected.reduce((sum, value, i) => sum + (value - got[i]!) ** 2, 0);
    assert.ok(error < before);
    before = error;
  }
  assert.ok(before < 1e-4);
});
