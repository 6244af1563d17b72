/**
 * @module Linear maps in 8-bit integers: weights are rounded per output channel, activations per image during prediction.
 *
 * Uses only standard ONNX operators. Each image has its own steps, so that a logit does not depend on the rest of the batch.
 * Weights use only 7 bits, including the sign, because older x86 processors (AVX2 without VNNI) add two products in 16 bits
 * and would silently clip larger ones.
 */
import {
  type ChannelAffine,
  floatWriter,
  type LinearMap,
  type LinearWriter,
  type Matrix,
  withInputAffine,
} from "../conversion/index";
import type { GraphBuilder } from "../onnx/index";

/** Largest magnitude of a rounded weight. */
const WEIGHT_LIMIT = 63;
/** The unsigned activation that represents 0. */
const ZERO_POINT = 128;
/** Largest number of rows of a product whose sum always fits in 32 bits. */
const MAX_ROWS = Math.floor((2 ** 31 - 1) / (ZERO_POINT * WEIGHT_LIMIT));
/** Smaller matrices stay in full precision, because integers would not be faster or much smaller. */
const MIN_WEIGHTS = 1 << 14;
/** Prevents division by zero for a row of zeros. */
const TINY = 1e-30;

/** Writes integer products for every linear map that is large enough. */
export const integerWriter: LinearWriter = {
  pixels: integerPixels,

  async floats(graph, name, input, map, rank) {
    if (map.matrix.rows * map.matrix.columns < MIN_WEIGHTS || map.matrix.rows > MAX_ROWS) {
      return floatWriter.floats(graph, name, input, map, rank);
    }
    const { quantized, scales } = await quantizeColumns(graph, `${name}/kernel`, map.matrix);
    const lastAxis = [graph.node("Abs", [input]), await graph.integers([-1])];
    const magnitude = graph.node("ReduceMax", lastAxis, { keepdims: 1 });
    const exact = graph.node("Mul", [magnitude, await graph.scalar(`${name}/per_step`, 1 / (ZERO_POINT - 1))]);
    const step = graph.node("Max", [exact, await graph.scalar(`${name}/tiny`, TINY)]);
    const zero = await zeroPoint(graph, name);
    const whole = [graph.node("Div", [input, step]), await graph.scalar(`${name}/one`, 1), zero];
    const sum = integerProduct(graph, name, graph.node("QuantizeLinear", whole), quantized, zero);
    return scaledAndShifted(graph, name, graph.node("Mul", [sum, step]), scales, map.bias);
  },
};

/** Writes a map of raw pixels with rounded weights; the expected effect of the rounding, at the mean colour, is taken from the bias. */
async function integerPixels(
  graph: GraphBuilder,
  name: string,
  input: string,
  map: LinearMap,
  pixels: ChannelAffine,
): Promise<string> {
  const { matrix, bias } = await withInputAffine(map, pixels);
  const { scale, shift } = pixels;
  const meanColour = scale.map((s, channel) => -(shift[channel] as number) / s);
  const kernel = await quantizeColumns(graph, `${name}/kernel`, matrix, meanColour);
  const { quantized, scales, weightedErrors, sums } = kernel;
  const zero = await zeroPoint(graph, name);
  const product =
    matrix.rows <= MAX_ROWS
      ? integerProduct(graph, name, input, quantized, zero)
      : await splitProduct(graph, name, input, quantized, zero, matrix.rows);
  const corrected = bias.map((b, j) => b - weightedErrors[j]! + ZERO_POINT * scales[j]! * sums[j]!);
  return scaledAndShifted(graph, name, product, scales, corrected);
}

async function scaledAndShifted(
  graph: GraphBuilder,
  name: string,
  product: string,
  scales: Float64Array,
  bias: Float64Array,
): Promise<string> {
  const scaled = graph.node("Mul", [product, await graph.floats(`${name}/scale`, [scales.length], scales)]);
  return graph.node("Add", [scaled, await graph.floats(`${name}/bias`, [scales.length], bias)]);
}

function zeroPoint(graph: GraphBuilder, name: string): Promise<string> {
  return graph.constant(`${name}/zero`, "uint8", [], Uint8Array.of(ZERO_POINT));
}

function integerProduct(graph: GraphBuilder, name: string, input: string, weights: string, zero: string): string {
  return graph.cast("float32", graph.node("MatMulInteger", [input, weights, zero], {}, name));
}

/** For very large images: computes partial sums that fit in 32 bits and adds them as floats. */
async function splitProduct(
  graph: GraphBuilder,
  name: string,
  input: string,
  weights: string,
  zero: string,
  rows: number,
) {
  const count = Math.ceil(rows / MAX_ROWS);
  const part = Math.ceil(rows / count);
  const sizes = await graph.integers(Array.from({ length: count }, (_, i) => Math.min(part, rows - i * part)));
  const inputs = graph.nodeWithOutputs("Split", [input, sizes], count, { axis: -1 });
  const parts = graph.nodeWithOutputs("Split", [weights, sizes], count, { axis: 0 });
  const sums = inputs.map((piece, i) => integerProduct(graph, name, piece, parts[i] as string, zero));
  return sums.reduce((total, sum) => graph.node("Add", [total, sum]));
}

/**
 * Rounds a matrix to integers, in two passes over its blocks: `weight = scales[column] * quantized`.
 * @returns also for each column the sums of `rowWeights * (rounded - exact)` and of the integers
 */
async function quantizeColumns(graph: GraphBuilder, name: string, matrix: Matrix, rowWeights: readonly number[] = [0]) {
  const { rows, columns } = matrix;
  const scales = (await columnMaxima(matrix)).map((largest) => Math.fround(Math.max(largest, TINY) / WEIGHT_LIMIT));
  const weightedErrors = new Float64Array(columns);
  const sums = new Float64Array(columns);
  async function* content(): AsyncGenerator<Uint8Array> {
    for await (const { start, rows: count, values } of matrix.blocks()) {
      const integers = new Int8Array(values.length);
      for (let row = 0, at = 0; row < count; row++) {
        const weight = rowWeights[(start + row) % rowWeights.length]!;
        for (let column = 0; column < columns; column++, at++) {
          const scale = scales[column]!;
          const integer = Math.round(values[at]! / scale);
          integers[at] = integer;
          sums[column]! += integer;
          weightedErrors[column]! += weight * (scale * integer - values[at]!);
        }
      }
      yield new Uint8Array(integers.buffer);
    }
  }
  const quantized = await graph.constant(name, "int8", [rows, columns], content());
  graph.roundedWeights += rows * columns;
  return { quantized, scales, weightedErrors, sums };
}

async function columnMaxima(matrix: Matrix): Promise<Float64Array> {
  const maxima = new Float64Array(matrix.columns);
  for await (const { values } of matrix.blocks()) {
    for (let at = 0; at < values.length; ) {
      for (let column = 0; column < maxima.length; column++, at++) {
        const size = Math.abs(values[at]!);
        if (size > maxima[column]!) maxima[column] = size;
      }
    }
  }
  return maxima;
}
