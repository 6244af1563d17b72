/** @module The functions of `transformer-ops.ts` in few operations of tfjs: for GPUs, plain JavaScript, and without a compiler. */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "./gradients";

/** Normalizes the last axis of x [..., d], then scales by gamma [d] and shifts by beta [d] (Ba, Kiros and Hinton 2016). */
export function layerNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor {
  return differentiable(([input, scale, shift], save) => {
    const [rows, g, b] = [input, scale, shift] as [tf.Tensor, tf.Tensor, tf.Tensor];
    const mean = tf.mean(rows, -1, true);
    const centred = tf.sub(rows, mean);
    const deviation = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
    const normal = tf.mul(centred, deviation);
    save([normal, deviation, g]);
    return {
      value: tf.add(tf.mul(normal, g), b),
      gradFunc: (dy, saved) => {
        const [n, inverse, factor] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const axes = Array.from({ length: n.rank - 1 }, (_, i) => i);
        const product = tf.mul(dy, n);
        const e = tf.mul(dy, factor);
        const along = tf.mean(tf.mul(e, n), -1, true);
        const dx = tf.mul(tf.sub(tf.sub(e, tf.mean(e, -1, true)), tf.mul(n, along)), inverse);
        return [dx, tf.sum(product, axes), tf.sum(dy, axes)];
      },
    };
  })(x, gamma, beta);
}

const INVERSE_ROOT_2 = Math.SQRT1_2;
const INVERSE_ROOT_2_PI = 1 / Math.sqrt(2 * Math.PI);

/** x times the normal distribution function of x (Hendrycks and Gimpel 2016), exact. */
export function gelu(x: tf.Tensor): tf.Tensor {
  return differentiable(([input], save) => {
    const values = input as tf.Tensor;
    const share = tf.add(tf.mul(tf.erf(tf.mul(values, INVERSE_ROOT_2)), 0.5), 0.5);
    save([values, share]);
    return {
      value: tf.mul(values, share),
      gradFunc: (dy, saved) => {
        const [v, cdf] = saved as [tf.Tensor, tf.Tensor];
        const bell = tf.exp(tf.mul(tf.square(v), -0.5));
        return tf.mul(dy, tf.add(cdf, tf.mul(tf.mul(v, INVERSE_ROOT_2_PI), bell)));
      },
    };
  })(x);
}

/** softmax(q k^T / sqrt(d)) v (Vaswani et al. 2017). @param qkv [n, tokens, 3 * heads * d], head after head @returns [n, tokens, heads * d] */
export function attention(qkv: tf.Tensor3D, heads: number): tf.Tensor3D {
  const [n, tokens, width] = qkv.shape;
  const d = width / 3 / heads;
  const scale = 1 / Math.sqrt(d);
  const merge = (x: tf.Tensor) => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [n, tokens, heads * d]);
  return differentiable(([input], save) => {
    const parts = tf.transpose(tf.reshape(input as tf.Tensor, [n, tokens, 3, heads, d]), [2, 0, 3, 1, 4]);
    const [queries, k, v] = tf.unstack(parts) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
    const q = tf.mul(queries, scale);
    const weights = tf.softmax(tf.matMul(q, k, false, true));
    const out = tf.matMul(weights, v);
    save([q, k, v, weights, out]);
    return {
      value: merge(out),
      gradFunc: (dy, saved) => {
        const [sq, sk, sv, w, o] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const dOut = tf.transpose(tf.reshape(dy, [n, tokens, heads, d]), [0, 2, 1, 3]);
        const dv = tf.matMul(w, dOut, true, false);
        const dWeights = tf.matMul(dOut, sv, false, true);
        // The sum over keys of weights times their errors, from the much smaller outputs (Dao et al. 2022).
        const mean = tf.sum(tf.mul(dOut, o), -1, true);
        const dScores = tf.mul(w, tf.sub(dWeights, mean));
        const dq = tf.mul(tf.matMul(dScores, sk), scale);
        const dk = tf.matMul(dScores, sq, true, false);
        return tf.reshape(tf.transpose(tf.stack([dq, dk, dv]), [1, 3, 0, 2, 4]), [n, tokens, width]);
      },
    };
  })(qkv) as tf.Tensor3D;
}

/** x W + b over the last axis of x [..., k], as one product of two matrices. */
export function affine(x: tf.Tensor, weights: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor {
  const [k, units] = weights.shape;
  const flat = tf.reshape(x, [-1, k]) as tf.Tensor2D;
  return tf.reshape(tf.add(tf.matMul(flat, weights), bias), [...x.shape.slice(0, -1), units]);
}
