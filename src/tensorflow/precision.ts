/**
 * @module Precision of matrix products. With `bf16`, factors of products are rounded to bfloat16 on processors with such
 * instructions (AMX, AVX512-BF16); sums, weights and everything else stay float32. TensorFlow allows bf16 per process, so
 * `fp32` uses the operation that ignores this setting.
 */
import * as tf from "@tensorflow/tfjs";
import { systemText } from "../machine/index";
import { interceptConvolutions } from "./exact-convolution";
import { exactBatchMatMul, exactMatMul, wrapKernel } from "./kernels";
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

/** True if the processor has bfloat16 instructions that `HISTO_MAX_CPU_ISA` allows. */
function hasBf16Instructions(): boolean {
  if (runtime.kind !== "native" || process.platform !== "linux") return false;
  const limit = process.env.HISTO_MAX_CPU_ISA;
  if (limit === "avx2") return false;
  const flags = limit === "avx512" ? /\bavx512_bf16\b/ : /\b(amx_bf16|avx512_bf16)\b/;
  return flags.test(systemText("/proc/cpuinfo"));
}

let usesBf16: boolean | undefined;

/**
 * True if TensorFlow multiplies bfloat16 in hardware, which makes large products faster. With AVX512-BF16 but without AMX,
 * oneDNN may still choose its float32 product, so the first call tries a product.
 */
export function tensorFlowHasBf16(): boolean {
  usesBf16 ??= hasBf16Instructions() && productRounds();
  return usesBf16;
}

/** True if products of TensorFlow or of the project's own operations can use bfloat16. */
export function hasBf16Products(): boolean {
  return runtime.fusedBf16 || tensorFlowHasBf16();
}

/** True if a product with `bf16` rounds its factors: 1 + 2^-12 becomes 1. */
function productRounds(): boolean {
  const depth = 2048;
  return withPrecision("bf16", () =>
    tf.tidy(() => {
      const product = tf.matMul(tf.fill([64, depth], 1 + 2 ** -12), tf.ones([depth, 64]));
      return (product.dataSync()[0] as number) < depth + 0.25;
    }),
  );
}

interface MatMulCall {
  readonly inputs: { readonly a: tf.Tensor; readonly b: tf.Tensor };
  readonly attrs: { readonly transposeA: boolean; readonly transposeB: boolean };
}

/** Applies the precision to tfjs-node's product, and so to every layer and gradient. */
function interceptMatMul(): void {
  wrapKernel<MatMulCall>(tf.BatchMatMul, (allowsBf16) => (call) => {
    const { a, b } = call.inputs;
    const { transposeA, transposeB } = call.attrs;
    if (current === "bf16") return allowsBf16(call);
    if (a.shape.length === 2 && b.shape.length === 2) return exactMatMul(a, b, transposeA, transposeB);
    if (a.shape.length === 3 && b.shape.length === 3 && a.shape[0] === 1 && b.shape[0] === 1) {
      return exactUnitBatch(a, b, transposeA, transposeB);
    }
    return exactBatchMatMul(a, b, transposeA, transposeB);
  });
}

/** The product of two batches of one, to which tfjs's dense layer reshapes matrices. */
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
