/** @module Depthwise convolutions, whose gradients in TensorFlow take several times as long as the project's own. */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "./differentiable";
import { depthwiseBackward, depthwiseForward, hasNetworkOps } from "./network-ops";

/**
 * Convolves each channel with its own kernel, padding "same".
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
