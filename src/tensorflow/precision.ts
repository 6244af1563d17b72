/**
 * @module Precision of matrix products. With `bf16` the factors of a product are rounded to bfloat16 on processors that
 * have such instructions (AMX, AVX512-BF16); sums, weights and everything else stay float32. TensorFlow allows bf16 per
 * process, so `fp32` is had by sending products to the operation that ignores the permission.
 */
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { interceptConvolutions } from "./exact-convolution";
import { exactBatchMatMul, exactMatMul } from "./kernels";
import { BF16_ALLOWED, runtime } from "./load";

export type Precision = "bf16" | "fp32";

let current: Precision = "fp32";

/** The precision of matrix products from now on. */
export function precision(): Precision {
  return current;
}

/** Sets the precision of all matrix products of this process. */
export function setPrecision(value: Precision): void {
  current = value;
}

/** Runs `work` with another precision. */
export function withPrecision<T>(value: Precision, work: () => T): T {
  const before = current;
  current = value;
  try {
    return work();
  } finally {
    current = before;
  }
}

/** True where the processor has bfloat16 instructions that `HISTO_MAX_CPU_ISA` allows. */
function hasBf16Instructions(): boolean {
  if (runtime.kind !== "native" || process.platform !== "linux") return false;
  try {
    const limit = process.env.HISTO_MAX_CPU_ISA;
    if (limit === "avx2") return false;
    return (limit === "avx512" ? /\bavx512_bf16\b/ : /\b(amx_bf16|avx512_bf16)\b/).test(
      readFileSync("/proc/cpuinfo", "utf8"),
    );
  } catch {
    return false;
  }
}

let usesBf16: boolean | undefined;

/**
 * True where TensorFlow really multiplies bfloat16 in hardware, which shortens large products. The instructions alone do
 * not tell: with AVX512-BF16 but without AMX, oneDNN may still choose its float32 product. So the first call tries one.
 */
export function tensorFlowHasBf16(): boolean {
  usesBf16 ??= hasBf16Instructions() && productRounds();
  return usesBf16;
}

/** True where TensorFlow's products or those of the project's own operations can be of bfloat16. */
export function hasBf16Products(): boolean {
  return runtime.fusedBf16 || tensorFlowHasBf16();
}

/** True when a product under `bf16` rounds its factors: 1 + 2^-12 becomes 1. */
function productRounds(): boolean {
  const depth = 2048;
  return withPrecision("bf16", () =>
    tf.tidy(() => {
      const product = tf.matMul(tf.fill([64, depth], 1 + 2 ** -12), tf.ones([depth, 64]));
      return (product.dataSync()[0] as number) < depth + 0.25;
    }),
  );
}

type MatMulKernel = (call: {
  inputs: { a: tf.Tensor; b: tf.Tensor };
  backend: unknown;
  attrs: { transposeA: boolean; transposeB: boolean };
}) => tf.TensorInfo;

/** Puts the choice of precision in front of tfjs-node's product, so that every layer and gradient obeys it. */
function interceptMatMul(): void {
  const kernel = tf.getKernel(tf.BatchMatMul, "tensorflow");
  if (!kernel) return;
  const allowsBf16 = kernel.kernelFunc as unknown as MatMulKernel;
  const choose: MatMulKernel = (call) => {
    const { a, b } = call.inputs;
    const { transposeA, transposeB } = call.attrs;
    if (current === "bf16") return allowsBf16(call);
    if (a.shape.length === 2 && b.shape.length === 2) return exactMatMul(a, b, transposeA, transposeB);
    if (a.shape.length === 3 && b.shape.length === 3 && a.shape[0] === 1 && b.shape[0] === 1) {
      return exactUnitBatch(a, b, transposeA, transposeB);
    }
    return exactBatchMatMul(a, b, transposeA, transposeB);
  };
  tf.unregisterKernel(tf.BatchMatMul, "tensorflow");
  tf.registerKernel({ ...kernel, kernelFunc: choose as unknown as tf.KernelFunc });
}

/** tfjs's dense layer reshapes matrices to batches of one. */
function exactUnitBatch(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
  return tf.tidy(() => {
    const product = exactMatMul(a.reshape(a.shape.slice(1)), b.reshape(b.shape.slice(1)), transposeA, transposeB);
    return product.reshape([1, ...product.shape]);
  });
}

if (runtime.kind === "native") {
  interceptMatMul();
  const allowed = process.env[BF16_ALLOWED] !== "";
  if (!runtime.gpu && allowed && hasBf16Instructions()) interceptConvolutions(() => current === "fp32");
}
