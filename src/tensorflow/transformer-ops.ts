/** @module The parts of transformer blocks, with forward and backward passes in few large operations. */
import * as tf from "@tensorflow/tfjs";
import * as composed from "./composed-transformer-ops";
import { differentiable } from "./gradients";
import { attribute, callOp, callOps, runOp } from "./kernels";
import { columnSums, hasNetworkOps, normalizationGradients } from "./network-ops";

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

/** x W + b over the last axis of x [..., k], as one product of two matrices. */
export function affine(x: tf.Tensor, weights: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor {
  if (!hasNetworkOps) return composed.affine(x, weights, bias);
  return differentiable(([input, kernel, shift], save) => {
    const [rows, w] = [flat(input as tf.Tensor), kernel as tf.Tensor2D];
    const product = tf.matMul(rows, w);
    runOp("HistoAddBias", [], [product, shift as tf.Tensor]); // in place
    save([rows, w]);
    return {
      value: tf.reshape(product, shapeOfProduct(x, weights)),
      gradFunc: (dy, saved) => [...productGradients(dy, saved, x.shape), columnSums(dy)],
    };
  })(x, weights, bias);
}

/** GELU of x W + b: the result times the normal distribution function of itself (Hendrycks and Gimpel 2016), exact. */
export function affineGelu(x: tf.Tensor, weights: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor {
  if (!hasNetworkOps) return composed.gelu(composed.affine(x, weights, bias));
  return differentiable(([input, kernel, shift], save) => {
    const [rows, w, b] = [flat(input as tf.Tensor), kernel as tf.Tensor2D, shift as tf.Tensor];
    const product = tf.matMul(rows, w);
    save([rows, w, product, b]);
    return {
      value: tf.reshape(callOp("HistoGelu", [], [product, b]), shapeOfProduct(x, weights)),
      gradFunc: (dy, saved) => {
        const [, , before, offset] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const gradients = callOps("HistoGeluGrad", [], [flat(dy), before, offset], 2);
        const [errors, toBias] = gradients as [tf.Tensor, tf.Tensor];
        return [...productGradients(errors, saved, x.shape), toBias];
      },
    };
  })(x, weights, bias);
}

const flat = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [-1, x.shape[x.rank - 1] as number]);

const shapeOfProduct = (x: tf.Tensor, weights: tf.Tensor2D): number[] => [...x.shape.slice(0, -1), weights.shape[1]];

function productGradients(dy: tf.Tensor, saved: tf.Tensor[], shape: number[]): [tf.Tensor, tf.Tensor] {
  const [rows, weights] = saved as [tf.Tensor2D, tf.Tensor2D];
  const errors = flat(dy);
  return [tf.reshape(tf.matMul(errors, weights, false, true), shape), tf.matMul(rows, errors, true, false)];
}
