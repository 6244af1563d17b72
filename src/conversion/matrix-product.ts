/** @module Large matrix products by onnxruntime, which uses all cores and the widest instructions. */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { usableProcessors } from "../machine/index";
import { ExternalData, GraphBuilder } from "../onnx/index";
import { loadRuntime } from "../onnxruntime/index";

/** Multiplies float32 matrices. Close it after use. */
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
