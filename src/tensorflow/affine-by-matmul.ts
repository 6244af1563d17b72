/** @module Dense layers over rows by TensorFlow's product, which can round its factors to bfloat16. Used where that is faster. */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "./gradients";
import { callOp, callOps, runOp } from "./kernels";
import { columnSums } from "./network-ops";

/** See `affine` in transformer-ops.ts. */
export function affine(x: tf.Tensor, weights: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor {
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

/** See `affineGelu` in transformer-ops.ts. */
export function affineGelu(x: tf.Tensor, weights: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor {
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
