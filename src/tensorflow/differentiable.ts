/** @module Functions of tensors with a custom gradient. */
import * as tf from "@tensorflow/tfjs";

interface WithGradient {
  readonly value: tf.Tensor;
  /** From the gradient of the value and the saved tensors to the gradients of the inputs. */
  readonly gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
}

export type Save = (tensors: tf.Tensor[]) => void;

/** `tf.customGrad` with the inputs as a list. */
export function differentiable(
  forward: (inputs: tf.Tensor[], save: Save) => WithGradient,
): (...inputs: tf.Tensor[]) => tf.Tensor {
  return tf.customGrad((...args) => {
    const save = args.pop() as unknown as Save;
    return forward(args as tf.Tensor[], save);
  });
}
