/** @module The parts of transformer blocks, with forward and backward passes in few large operations. */
import type * as tf from "@tensorflow/tfjs";
import * as matmul from "./affine-by-matmul";
import * as composed from "./composed-transformer-ops";
import { differentiable } from "./gradients";
import { attribute, callOp, callOps } from "./kernels";
import { hasNetworkOps, normalizationGradients } from "./network-ops";
import { precision, tensorFlowHasBf16 } from "./precision";

/** Normalizes the last axis of x [..., d], then scales by gamma [d] and shifts by beta [d] (Ba, Kiros and Hinton 2016). */
export function layerNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor {
  if (!hasNetworkOps) return composed.layerNorm(x, gamma, beta, epsilon);
  return differentiable(([input, scale, shift], save) => {
    const [rows, g, b] = [input, scale, shift] as [tf.Tensor, tf.Tensor, tf.Tensor];
    const outputs = callOps("HistoLayerNorm", [attribute.float("real", epsilon)], [rows, g, b], 2);
    const [value, meansAndDeviations] = outputs as [tf.Tensor, tf.Tensor];
    save([rows, g, meansAndDeviations]);
    return {
      value,
      gradFunc: (dy, saved) => normalizationGradients("HistoLayerNormGrad", [], [dy, ...saved]),
    };
  })(x, gamma, beta);
}

/** softmax(q k^T / sqrt(d)) v (Vaswani et al. 2017). @param qkv [n, tokens, 3 * heads * d], head after head @returns [n, tokens, heads * d] */
export function attention(qkv: tf.Tensor3D, heads: number): tf.Tensor3D {
  if (!hasNetworkOps) return composed.attention(qkv, heads);
  const attributes = [attribute.int("whole", heads)];
  return differentiable((inputs, save) => {
    // The logarithms of the softmax's denominators [n, heads, t].
    const [value, logSums] = callOps("HistoAttention", attributes, inputs, 2) as [tf.Tensor, tf.Tensor];
    save([...inputs, value, logSums]);
    return { value, gradFunc: (dy, saved) => callOp("HistoAttentionGrad", attributes, [...saved, dy]) };
  })(qkv) as tf.Tensor3D;
}

/** x W + b over the last axis of x [..., k]. @param weights [k, units] @param bias [units] */
export function affine(x: tf.Tensor, weights: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor {
  if (!hasNetworkOps) return composed.affine(x, weights, bias);
  if (roundsProducts()) return matmul.affine(x, weights, bias);
  return differentiable((inputs, save) => {
    save(inputs.slice(0, 2));
    return {
      value: callOp("HistoAffine", [], inputs),
      gradFunc: (dy, saved) => callOps("HistoAffineGrad", [], [dy, ...saved], 3),
    };
  })(x, weights, bias);
}

/** GELU of x W + b: the result times the normal distribution function of itself (Hendrycks and Gimpel 2016), exact. */
export function affineGelu(x: tf.Tensor, weights: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor {
  if (!hasNetworkOps) return composed.gelu(composed.affine(x, weights, bias));
  if (roundsProducts()) return matmul.affineGelu(x, weights, bias);
  return differentiable((inputs, save) => {
    const [input, kernel, shift] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor];
    const [product, value] = callOps("HistoAffineGelu", [], inputs, 2) as [tf.Tensor, tf.Tensor];
    save([input, kernel, product, shift]);
    return { value, gradFunc: (dy, saved) => callOps("HistoAffineGeluGrad", [], [dy, ...saved], 3) };
  })(x, weights, bias);
}

/** True if TensorFlow multiplies bfloat16 in hardware now. Then its products are faster than those of HistoAffine. */
const roundsProducts = (): boolean => precision() === "bf16" && tensorFlowHasBf16();
