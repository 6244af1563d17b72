/**
 * @module Precision of matrix products. With `bf16`, factors are rounded to bfloat16 on processors with such instructions; everything else
 * stays float32. TensorFlow allows bf16 per process, so `fp32` uses the operation that ignores this setting.
 */
import * as tf from "@tensorflow/tfjs";
import { systemText } from "../machine/index";
import { attribute, callOp, exactBatchMatMul, exactMatMul, wrapKernel } from "./kernels";
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

type Geometry = ReturnType<typeof tf.backend_util.computeConv2DInfo>;
interface ConvolutionCall {
  readonly inputs: { readonly x: tf.Tensor4D; readonly filter: tf.Tensor4D; readonly bias?: tf.Tensor };
  readonly attrs: {
    readonly strides: number | [number, number];
    readonly pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
    readonly dataFormat?: string;
    /** The layers of tfjs give null for 1. */
    readonly dilations?: number | [number, number] | null;
    readonly dimRoundingMode?: "floor" | "round" | "ceil";
    readonly activation?: string;
  };
}

function convolve(x: tf.Tensor4D, filter: tf.Tensor4D, info: Geometry): tf.Tensor {
  const { top, bottom, left, right } = info.padInfo;
  const attributes = [
    attribute.float32("T"),
    attribute.int("strides", [1, info.strideHeight, info.strideWidth, 1]),
    attribute.text("padding", "EXPLICIT"),
    attribute.int("explicit_paddings", [0, 0, top, bottom, left, right, 0, 0]),
    attribute.text("data_format", "CHANNELS_LAST"),
    attribute.int("dilations", [1, info.dilationHeight, info.dilationWidth, 1]),
  ];
  return callOp("Conv", attributes, [x, filter]);
}

/** For filters of each channel [height, width, channels, filters of a channel]. */
function convolveEachChannel(x: tf.Tensor4D, filter: tf.Tensor4D, info: Geometry): tf.Tensor {
  const [height, width, channels, filters] = filter.shape;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, outHeight, outWidth } = info;
  const { top, bottom, left, right } = info.padInfo;
  const around = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ] as [number, number][];
  const padded = tf.pad(x, around);
  let sum: tf.Tensor = tf.scalar(0);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const [row, column] = [i * dilationHeight, j * dilationWidth];
      const end = [
        x.shape[0],
        row + (outHeight - 1) * strideHeight + 1,
        column + (outWidth - 1) * strideWidth + 1,
        channels,
      ];
      const part = tf.stridedSlice(padded, [0, row, column, 0], end, [1, strideHeight, strideWidth, 1]);
      const weights = filter.slice([i, j, 0, 0], [1, 1, channels, filters]).reshape([channels, filters]);
      sum = tf.add(sum, tf.mul(tf.expandDims(part, 4), weights));
    }
  }
  return sum.reshape([x.shape[0], outHeight, outWidth, channels * filters]);
}

const activations: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  linear: (x) => x,
  relu: tf.relu,
  relu6: tf.relu6,
  elu: tf.elu,
  sigmoid: tf.sigmoid,
};

/** Uses exact convolutions instead of tfjs-node's while `isExact` is true. */
function interceptConvolutions(isExact: () => boolean): void {
  const kernels = [
    [tf.Conv2D, false],
    [tf.FusedConv2D, false],
    [tf.DepthwiseConv2dNative, true],
    [tf.FusedDepthwiseConv2D, true],
  ] as const;
  for (const [name, isDepthwise] of kernels) {
    wrapKernel<ConvolutionCall>(name, (original) => (call) => {
      const { x, filter, bias } = call.inputs;
      const { strides, pad, dilations, dimRoundingMode: rounding, dataFormat } = call.attrs;
      const activation = activations[call.attrs.activation ?? "linear"];
      if (!isExact() || !activation || dataFormat === "NCHW") return original(call);
      const { computeConv2DInfo } = tf.backend_util;
      const info = computeConv2DInfo(x.shape, filter.shape, strides, dilations ?? 1, pad, rounding, isDepthwise);
      return tf.tidy(() => {
        const product = isDepthwise ? convolveEachChannel(x, filter, info) : convolve(x, filter, info);
        return activation(bias ? tf.add(product, bias) : product);
      });
    });
  }
}
