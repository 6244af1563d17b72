/** @module The base of the project's layers. */
import { tf } from "../../tensorflow/index";

/** A layer with one input. Its output has the shape of its input unless it overrides `computeOutputShape`. */
export abstract class Layer extends tf.layers.Layer {
  constructor(config: { readonly name?: string; readonly trainable?: boolean }) {
    super(config as ConstructorParameters<typeof tf.layers.Layer>[0]);
  }

  /** The output for an input, in training or for a prediction. */
  protected abstract compute(x: tf.Tensor, training: boolean): tf.Tensor;

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    return this.compute((Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor, kwargs.training === true);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  /** Adds a weight that training does not change. */
  protected addFixedWeight(name: string, shape: number[], initializer: "zeros" | "ones"): tf.LayerVariable {
    return this.addWeight(name, shape, "float32", tf.initializers[initializer](), undefined, false);
  }
}

/** The output of a layer for one input, in a network under construction. */
export function applyLayer(layer: tf.layers.Layer, x: tf.SymbolicTensor): tf.SymbolicTensor {
  return layer.apply(x) as tf.SymbolicTensor;
}
