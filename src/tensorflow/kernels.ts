/**
 * @module Direct calls of native TensorFlow operations that tfjs does not offer: resource variables, fused optimizer updates,
 * counter-based random numbers, uint8 tensors. Only for the native runtime.
 */
import * as tf from "@tensorflow/tfjs";
import { onDemand } from "../collections/index";
import { runtime } from "./load";

export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The part of tfjs-node's backend used here. */
export interface NativeBackend {
  readonly binding: {
    readonly TF_FLOAT: number;
    readonly TF_INT32: number;
    readonly TF_UINT8: number;
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_SHAPE: number;
    readonly TF_ATTR_STRING: number;
    readonly TF_ATTR_BOOL: number;
    readonly TF_ATTR_INT: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_Version: string;
    createTensor(shape: readonly number[], dtype: number, values: ArrayBufferView): number;
    deleteTensor(id: number): void;
  };
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: tf.Tensor[]): tf.Tensor;
  executeMultipleOutputs(name: string, attributes: OpAttribute[], inputs: tf.Tensor[], outputs: number): tf.Tensor[];
  createOutputTensor(metadata: { id: number; shape: readonly number[]; dtype: number }): tf.Tensor;
}

/** The native backend. @throws if the process runs on plain JavaScript */
export function nativeBackend(): NativeBackend {
  if (runtime.kind !== "native") throw new Error("This operation needs the native TensorFlow.");
  return tf.backend() as unknown as NativeBackend;
}

const builder = <Value>(kind: "TYPE" | "SHAPE" | "STRING" | "BOOL" | "INT" | "FLOAT") => {
  return (name: string, value: Value): OpAttribute => {
    return { name, type: nativeBackend().binding[`TF_ATTR_${kind}`], value };
  };
};

/** Builders of operation attributes. */
export const attribute = {
  type: builder<number>("TYPE"),
  float32: (name: string): OpAttribute => attribute.type(name, nativeBackend().binding.TF_FLOAT),
  int32: (name: string): OpAttribute => attribute.type(name, nativeBackend().binding.TF_INT32),
  shape: builder<readonly number[]>("SHAPE"),
  text: builder<string>("STRING"),
  flag: builder<boolean>("BOOL"),
  int: builder<number | readonly number[]>("INT"),
  float: builder<number>("FLOAT"),
};

/** The placeholder for an input that a call does not have; shared, so not to be disposed. */
export const noValues = onDemand(() => tf.keep(tf.tensor1d([], "float32")));

/** Runs an operation with one output. */
export function callOp(name: string, attributes: OpAttribute[], inputs: tf.Tensor[]): tf.Tensor {
  return nativeBackend().executeSingleOutput(name, attributes, inputs);
}

/** Runs an operation with several outputs. */
export function callOps(name: string, attributes: OpAttribute[], inputs: tf.Tensor[], outputs: number): tf.Tensor[] {
  return nativeBackend().executeMultipleOutputs(name, attributes, inputs, outputs);
}

/** Runs an operation without outputs, such as an in-place update. */
export function runOp(name: string, attributes: OpAttribute[], inputs: tf.Tensor[]): void {
  nativeBackend().executeMultipleOutputs(name, attributes, inputs, 0);
}

/** Replaces a kernel of the native backend, if there is one. @param wrap returns the new function, given the original */
export function wrapKernel<Call>(
  name: string,
  wrap: (original: (call: Call) => tf.TensorInfo) => (call: Call) => tf.TensorInfo,
): void {
  const kernel = tf.getKernel(name, "tensorflow");
  if (!kernel) return;
  const wrapped = wrap(kernel.kernelFunc as unknown as (call: Call) => tf.TensorInfo);
  tf.unregisterKernel(name, "tensorflow");
  tf.registerKernel({ ...kernel, kernelFunc: wrapped as unknown as tf.KernelFunc });
}

/** Product of two float32 matrices with float32 accumulation, by the operation that never uses bf16. */
export function exactMatMul(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
  const flags = [attribute.flag("transpose_a", transposeA), attribute.flag("transpose_b", transposeB)];
  return callOp("MatMul", [attribute.float32("T"), ...flags], [a, b]);
}

/** The same for batches of matrices [..., m, k] x [..., k, n]. */
export function exactBatchMatMul(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
  const types = ["Ta", "Tb", "Tout"].map((name) => attribute.float32(name));
  return callOp(
    "BatchMatMulV3",
    [...types, attribute.flag("adj_x", transposeA), attribute.flag("adj_y", transposeB)],
    [a, b],
  );
}

/** A uint8 tensor, which only native operations accept; the caller disposes it. */
export function bytesTensor(bytes: Uint8Array, shape: readonly number[]): tf.Tensor {
  const { binding } = nativeBackend();
  const id = binding.createTensor(shape, binding.TF_UINT8, bytes);
  return nativeBackend().createOutputTensor({ id, shape, dtype: binding.TF_UINT8 });
}

/** A float32 tensor with the values of `bytes` (0 to 255). TensorFlow gets the bytes, a quarter of the size of floats. */
export function floatsFromBytes(bytes: Uint8Array, shape: readonly number[]): tf.Tensor {
  if (runtime.kind !== "native") return tf.tensor(Float32Array.from(bytes), [...shape], "float32");
  const { binding } = nativeBackend();
  const raw = bytesTensor(bytes, shape);
  const types = [attribute.type("SrcT", binding.TF_UINT8), attribute.float32("DstT")];
  const floats = callOp("Cast", [...types, attribute.flag("Truncate", false)], [raw]);
  raw.dispose();
  return floats;
}

/**
 * Uniform numbers in [0, 1) that depend only on the shape and the two keys (Philox, Salmon et al. 2011): the same keys give
 * the same numbers in every process. Plain JavaScript uses a seeded generator of tfjs instead.
 */
export function statelessUniform(shape: readonly number[], key: number, counter: number): tf.Tensor {
  if (runtime.kind !== "native") return tf.randomUniform([...shape], 0, 1, "float32", key * 1_000_003 + counter);
  return tf.tidy(() => {
    const types = [
      attribute.float32("dtype"),
      attribute.type("T", nativeBackend().binding.TF_INT32),
      attribute.type("Tseed", nativeBackend().binding.TF_INT32),
    ];
    const seed = tf.tensor1d([key | 0, counter | 0], "int32");
    return callOp("StatelessRandomUniform", types, [tf.tensor1d([...shape], "int32"), seed]);
  });
}
