/** @module The base of the project's layers, and seeded initial weights. */
import { statelessUniform, tf } from "../../tensorflow/index";

/** A layer with one input. Its output has the shape of its input unless it overrides `computeOutputShape`. */
export abstract class Layer<Settings extends object = object> extends tf.layers.Layer {
  /** @param settings what the topology tells of the layer beside its name */
  constructor(
    config: { readonly name?: string; readonly trainable?: boolean },
    protected readonly settings: Settings,
  ) {
    super(config as ConstructorParameters<typeof tf.layers.Layer>[0]);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.settings };
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

type Initializer = ReturnType<typeof tf.initializers.zeros>;

/**
 * Glorot uniform: U(-l, l), l = sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio 2010), drawn by TensorFlow.
 * @param counter distinguishes weights that share a seed, such as the blocks of one kernel @param gain multiplies the limit
 */
export function glorotUniform(fanIn: number, fanOut: number, seed: number, counter: number, gain = 1): Initializer {
  const limit = gain * Math.sqrt(6 / (fanIn + fanOut));
  const initializer = {
    apply: (shape: number[]) => tf.tidy(() => tf.mul(tf.sub(statelessUniform(shape, seed, counter), 0.5), 2 * limit)),
  };
  // Layers use nothing else of an initializer.
  return initializer as unknown as Initializer;
}

/** A seed for tfjs's normal distributions, which treat 0 as no seed. @see findings/tfjs-seed-zero.sh */
export function normalSeed(seed: number): number {
  return seed === 0 ? 2 ** 31 - 1 : seed;
}
