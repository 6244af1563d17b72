/**
 * @module The project's own operations for networks (native/networks/): each is one pass over memory where TensorFlow and tfjs
 * need many. They are missing on GPUs, on plain JavaScript and without a compiler, see {@link hasNetworkOps}.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "./gradients";
import { attribute, bytesTensor, callOp, callOps, floatsFromBytes, type OpAttribute } from "./kernels";
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

/** Sums over all axes but the last. */
export function columnSums(x: tf.Tensor): tf.Tensor1D {
  return callOp("HistoColumnSums", [], [x]) as tf.Tensor1D;
}

/** Runs the gradient of a normalization, which gives those of scale and shift as one tensor. @returns those of x, scale and shift */
export function normalizationGradients(...operation: [name: string, attributes: OpAttribute[], inputs: tf.Tensor[]]) {
  const [dx, sums] = callOps(...operation, 2) as [tf.Tensor, tf.Tensor];
  return [dx, ...tf.unstack(sums)];
}

/** (bytes - shift) * scale by channel, computed in TensorFlow, which gets the bytes themselves. @param shape [..., 3] */
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

/** Convolves each channel with its own kernel, padding "same". @param x [n, h, w, c] @param kernel [k, k, c, 1] */
export function depthwiseConvolution(x: tf.Tensor4D, kernel: tf.Tensor4D, stride: number): tf.Tensor4D {
  if (!hasNetworkOps) return tf.depthwiseConv2d(x, kernel, stride, "same");
  const attributes = [attribute.int("whole", stride)];
  return differentiable((inputs, save) => {
    save(inputs);
    return {
      value: callOp("HistoDepthwise", attributes, inputs),
      gradFunc: (dy, saved) => callOps("HistoDepthwiseGrad", attributes, [dy, ...saved], 2),
    };
  })(x, kernel) as tf.Tensor4D;
}
