/** @module Matrices that are read in blocks of rows, repeatedly if needed, so that 1.4 GB need not be in memory, and their products. */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { type SafetensorsFile, sizeOf } from "../files/index";
import { usableProcessors } from "../machine/index";
import { ExternalData, GraphBuilder } from "../onnx/index";
import { loadRuntime } from "../onnxruntime/index";

/** Some consecutive rows of a matrix, row-major. The consumer may change `values`. */
interface RowBlock {
  readonly start: number;
  readonly rows: number;
  readonly values: Float32Array;
}

/** A float32 matrix that is read on demand. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** All rows in order. Each call reads them again. */
  blocks(): AsyncIterable<RowBlock>;
}

const BLOCK_VALUES = 1 << 22;

/** A matrix whose values `read` returns. */
function readInBlocks(
  rows: number,
  columns: number,
  read: (start: number, count: number) => Float32Array | Promise<Float32Array>,
): Matrix {
  const blockRows = Math.max(1, Math.floor(BLOCK_VALUES / columns));
  return {
    rows,
    columns,
    async *blocks() {
      for (let start = 0; start < rows; start += blockRows) {
        const count = Math.min(blockRows, rows - start);
        yield { start, rows: count, values: await read(start * columns, count * columns) };
      }
    },
  };
}

/** A matrix in a tensor file. All axes but the last are rows, as in Keras's kernels. */
export function storedMatrix(file: SafetensorsFile, name: string): Matrix {
  const shape = file.shapeOf(name);
  const columns = shape[shape.length - 1] as number;
  return readInBlocks(sizeOf(shape) / columns, columns, (start, count) => file.read(name, start, count));
}

/** A matrix in memory, row-major. */
export function matrixOf(values: Float32Array, rows: number, columns: number): Matrix {
  return readInBlocks(rows, columns, (start, count) => values.slice(start, start + count));
}

/** The matrix with each block changed in place as it is read. */
function changed(matrix: Matrix, change: (block: RowBlock) => void): Matrix {
  const { rows, columns } = matrix;
  return {
    rows,
    columns,
    async *blocks() {
      for await (const block of matrix.blocks()) {
        change(block);
        yield block;
      }
    },
  };
}

/** The matrix with row `i` multiplied by `factors[i % factors.length]`. */
export function scaleRows(matrix: Matrix, factors: ArrayLike<number>): Matrix {
  return changed(matrix, ({ start, rows, values }) => {
    for (let row = 0, at = 0; row < rows; row++) {
      const factor = factors[(start + row) % factors.length] as number;
      for (const end = at + matrix.columns; at < end; at++) values[at]! *= factor;
    }
  });
}

/** The matrix with column `j` multiplied by `factors[j]`. */
export function scaleColumns(matrix: Matrix, factors: ArrayLike<number>): Matrix {
  return changed(matrix, ({ values }) => {
    for (let at = 0; at < values.length; ) {
      for (let column = 0; column < matrix.columns; column++, at++) values[at]! *= factors[column] as number;
    }
  });
}

/** The sum of all rows, row `i` weighted by `weights[i % weights.length]`: a vector of `columns` values. */
export async function weightedRowSum(matrix: Matrix, weights: ArrayLike<number>): Promise<Float64Array> {
  const { columns } = matrix;
  const sums = new Float64Array(columns);
  for await (const { start, rows, values } of matrix.blocks()) {
    for (let row = 0, at = 0; row < rows; row++) {
      const weight = weights[(start + row) % weights.length] as number;
      for (let column = 0; column < columns; column++, at++) sums[column]! += weight * (values[at] as number);
    }
  }
  return sums;
}

/** The whole matrix in memory, row-major. */
export async function collect(matrix: Matrix): Promise<Float32Array> {
  const all = new Float32Array(matrix.rows * matrix.columns);
  for await (const { start, values } of matrix.blocks()) all.set(values, start * matrix.columns);
  return all;
}

/** The bytes of a matrix as little-endian float32, row-major. */
export async function* floatBytes(matrix: Matrix): AsyncGenerator<Uint8Array> {
  for await (const { values } of matrix.blocks()) {
    yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }
}

/** Multiplies float32 matrices by onnxruntime, which uses all cores and the widest instructions. Close it after use. */
export class MatrixMultiplier {
  private constructor(
    private readonly session: InferenceSession,
    private readonly TensorClass: typeof Tensor,
  ) {}

  static async open(): Promise<MatrixMultiplier> {
    const runtime = await loadRuntime();
    const graph = new GraphBuilder(new ExternalData("", ""));
    graph.name(graph.node("MatMul", ["a", "b"]), "c");
    const model = await graph.encode(
      [
        { name: "a", type: "float32", shape: ["m", "k"] },
        { name: "b", type: "float32", shape: ["k", "n"] },
      ],
      [{ name: "c", type: "float32", shape: ["m", "n"] }],
    );
    return new MatrixMultiplier(
      await runtime.InferenceSession.create(model, { intraOpNumThreads: usableProcessors() }),
      runtime.Tensor,
    );
  }

  /** a [m, k] times b [k, n], all row-major. */
  async multiply(a: Float32Array, b: Float32Array, inner: number): Promise<Float32Array> {
    const left = new this.TensorClass("float32", a, [a.length / inner, inner]);
    const right = new this.TensorClass("float32", b, [inner, b.length / inner]);
    return (await this.session.run({ a: left, b: right })).c?.data as Float32Array;
  }

  async close(): Promise<void> {
    await this.session.release();
  }
}
