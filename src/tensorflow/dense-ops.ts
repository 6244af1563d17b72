/**
 * @module Products of a batch with the weights of dense layers: with the project's own operations (native/dense.cc) if updates
 * use them too, otherwise with TensorFlow's.
 */
import * as tf from "@tensorflow/tfjs";
import { attribute, callOp } from "./kernels";
import { columnSums, hasNetworkOps } from "./network-ops";
import { updateWay } from "./optimizers/fused";
import { precision } from "./precision";

/** Attributes of the project's operations: the first column of x that belongs to the weights, and the precision. */
export function denseAttributes(first = 0): ReturnType<typeof attribute.int>[] {
  return [attribute.int("whole", first), attribute.float("real", precision() === "bf16" ? 1 : 0)];
}

/**
 * x W + b.
 * @param x [n, k]
 * @param blocks rows of W in order, each [some of k, m]
 * @param bias [m]
 */
export function denseForward(x: tf.Tensor2D, blocks: readonly tf.Tensor2D[], bias: tf.Tensor): tf.Tensor2D {
  return tf.tidy(() => {
    if (updateWay() !== "product") {
      const rows = blocks.map(({ shape }) => shape[0]);
      const slices = blocks.length === 1 ? [x] : tf.split(x, rows, 1);
      const products = slices.map((slice, i) => tf.matMul(slice, blocks[i] as tf.Tensor2D));
      return tf.add(products.length === 1 ? (products[0] as tf.Tensor) : tf.addN(products), bias);
    }
    let [sum, first] = [bias, 0];
    for (const block of blocks) {
      sum = callOp("HistoDense", denseAttributes(first), [x, block, sum]);
      first += block.shape[0];
    }
    return sum as tf.Tensor2D;
  });
}

/** dy W^T, the gradient of x. */
export function denseBackward(dy: tf.Tensor2D, blocks: readonly tf.Tensor2D[]): tf.Tensor2D {
  const own = updateWay() === "product";
  return tf.tidy(() => {
    const parts = blocks.map((block) =>
      own ? callOp("HistoDenseGrad", denseAttributes(), [dy, block]) : tf.matMul(dy, block, false, true),
    );
    return (parts.length === 1 ? parts[0] : tf.concat(parts, 1)) as tf.Tensor2D;
  });
}

/** Sums over the batch, the gradient of b. */
export function denseBias(dy: tf.Tensor2D): tf.Tensor {
  return hasNetworkOps ? columnSums(dy) : tf.sum(dy, 0);
}
