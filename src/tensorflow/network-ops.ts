/**
 * @module The project's own operations for networks (native/networks/): each is one pass over memory where TensorFlow and tfjs
 * need many. They are missing on GPUs, on plain JavaScript and without a compiler, see {@link hasNetworkOps}.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "./differentiable";
import { attribute, bytesTensor, callOp, callOps, floatsFromBytes, runOp } from "./kernels";
import { projectRequire, runtime } from "./load";

/** Adds the operations to TensorFlow. */
function load(): boolean {
  if (runtime.kind !== "native" || runtime.gpu || process.env.HISTO_NETWORK_OPS === "0") return false;
  try {
    return projectRequire("@tensorflow/tfjs-node-gpu/lib/napi-v8/networks.node") === true;
  } catch {
    return false;
  }
}

/** True if the operations of this file are available. */
export const hasNetworkOps: boolean = load();

const heads = (count: number) => [attribute.int("whole", count)];

/**
 * softmax(q k^T / sqrt(d)) v of every head.
 * @param qkv [n, t, 3 * heads * d]
 * @returns out [n, t, heads * d], and the logarithms of the softmax's denominators [n, heads, t]
 */
export function attentionForward(qkv: tf.Tensor, count: number): [tf.Tensor, tf.Tensor] {
  return callOps("HistoAttention", heads(count), [qkv], 2) as [tf.Tensor, tf.Tensor];
}

/** Gradient of qkv. @param errors gradient of the output */
export function attentionBackward(
  [qkv, out, logSums]: readonly [tf.Tensor, tf.Tensor, tf.Tensor],
  errors: tf.Tensor,
  count: number,
): tf.Tensor {
  return callOp("HistoAttentionGrad", heads(count), [qkv, out, logSums, errors]);
}

/** Layer normalization of the last axis, and each row's mean and inverse deviation [rows, 2]. */
export function layerNormForward(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  epsilon: number,
): [tf.Tensor, tf.Tensor] {
  const attributes = [attribute.float("real", epsilon)];
  return callOps("HistoLayerNorm", attributes, [x, gamma, beta], 2) as [tf.Tensor, tf.Tensor];
}

/** Gradients of x, gamma and beta. */
export function layerNormBackward(dy: tf.Tensor, x: tf.Tensor, gamma: tf.Tensor, statistics: tf.Tensor): tf.Tensor[] {
  const [dx, sums] = callOps("HistoLayerNormGrad", [], [dy, x, gamma, statistics], 2) as [tf.Tensor, tf.Tensor];
  return [dx, ...tf.unstack(sums)];
}

/** GELU of x + bias. */
export function geluForward(x: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return callOp("HistoGelu", [], [x, bias]);
}

/** Gradients of x and bias. */
export function geluBackward(dy: tf.Tensor, x: tf.Tensor, bias: tf.Tensor): [tf.Tensor, tf.Tensor] {
  return callOps("HistoGeluGrad", [], [dy, x, bias], 2) as [tf.Tensor, tf.Tensor];
}

/** Sums over all axes but the last. */
export function columnSums(x: tf.Tensor): tf.Tensor1D {
  return callOp("HistoColumnSums", [], [x]) as tf.Tensor1D;
}

/** Adds a bias over the last axis to x in place. Only for tensors that nothing else uses. */
export function addBiasInPlace(x: tf.Tensor, bias: tf.Tensor): void {
  runOp("HistoAddBias", [], [x, bias]);
}

/** 2 x 2 max pooling with stride 2 of x [n, h, w, c], without a last odd row or column. */
export function maxPoolForward(x: tf.Tensor): tf.Tensor {
  return callOp("HistoMaxPool", [], [x]);
}

/** Its gradient: each error goes to the first largest pixel of its window. */
export function maxPoolBackward(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
  return callOp("HistoMaxPoolGrad", [], [dy, x]);
}

interface NormalizationOptions {
  readonly epsilon: number;
  readonly relu6?: boolean;
}

const normalization = ({ epsilon, relu6 = false }: NormalizationOptions, byBatch: boolean) => [
  attribute.float("real", epsilon),
  attribute.int("whole", (byBatch ? 0 : 1) + (relu6 ? 2 : 0)),
];

/**
 * Batch normalization over all axes but the last.
 * @param statistics means and variances [2, c], for `byBatch` false
 * @param byBatch uses the statistics of the batch instead
 * @returns y, and the means and (biased) variances that were used [2, c]
 */
export function batchNormForward(
  inputs: readonly [x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor],
  statistics: tf.Tensor,
  options: NormalizationOptions,
  byBatch: boolean,
): [tf.Tensor, tf.Tensor] {
  const attributes = normalization(options, byBatch);
  return callOps("HistoBatchNorm", attributes, [...inputs, statistics], 2) as [tf.Tensor, tf.Tensor];
}

/** Gradients of x, gamma and beta. @param saved x, gamma, beta and the statistics that were used */
export function batchNormBackward(
  dy: tf.Tensor,
  saved: readonly tf.Tensor[],
  options: NormalizationOptions,
  byBatch: boolean,
): tf.Tensor[] {
  const outputs = callOps("HistoBatchNormGrad", normalization(options, byBatch), [dy, ...saved], 2);
  const [dx, sums] = outputs as [tf.Tensor, tf.Tensor];
  return [dx, ...tf.unstack(sums)];
}

/** Depthwise convolution of x [n, h, w, c] with a kernel [k, k, c, 1], padding "same". */
function depthwiseForward(x: tf.Tensor, kernel: tf.Tensor, stride: number): tf.Tensor {
  return callOp("HistoDepthwise", [attribute.int("whole", stride)], [x, kernel]);
}

/** Gradients of x and the kernel. */
function depthwiseBackward(dy: tf.Tensor, x: tf.Tensor, kernel: tf.Tensor, stride: number): tf.Tensor[] {
  return callOps("HistoDepthwiseGrad", [attribute.int("whole", stride)], [dy, x, kernel], 2);
}

/**
 * (bytes - shift) * scale by channel, computed in TensorFlow, which gets the bytes themselves.
 * @param shape [..., 3]
 */
export function standardizedBytes(
  bytes: Uint8Array,
  shape: readonly number[],
  shift: readonly number[],
  scale: readonly number[],
): tf.Tensor {
  return tf.tidy(() => {
    const [shifts, scales] = [tf.tensor1d([...shift]), tf.tensor1d([...scale])];
    if (!hasNetworkOps) return tf.mul(tf.sub(floatsFromBytes(bytes, shape), shifts), scales);
    return callOp("HistoStandardize", [], [bytesTensor(bytes, shape), shifts, scales]);
  });
}

/**
 * Convolves each channel with its own kernel, padding "same". The gradients in TensorFlow take several times as long.
 * @param x [n, h, w, c]
 * @param kernel [k, k, c, 1]
 */
export function depthwiseConvolution(x: tf.Tensor4D, kernel: tf.Tensor4D, stride: number): tf.Tensor4D {
  if (!hasNetworkOps) return tf.depthwiseConv2d(x, kernel, stride, "same");
  return differentiable((inputs, save) => {
    const [input, weights] = inputs as [tf.Tensor, tf.Tensor];
    save([input, weights]);
    return {
      value: depthwiseForward(input, weights, stride),
      gradFunc: (dy, saved) => depthwiseBackward(dy, ...(saved as [tf.Tensor, tf.Tensor]), stride),
    };
  })(x, kernel) as tf.Tensor4D;
}
