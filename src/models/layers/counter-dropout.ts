/**
 * @module Dropout whose mask depends on the seed, the layer and the step alone. tfjs's own dropout either cannot be
 * seeded or drops the same units at every step, and draws its numbers in JavaScript.
 */
import { statelessUniform, tf } from "../../tensorflow/index";

interface CounterDropoutConfig {
  readonly name?: string;
  /** Probability of a unit to be dropped. */
  readonly rate: number;
  readonly seed?: number;
}

/** Inverted dropout (Srivastava et al. 2014); the identity outside training. */
export class CounterDropout extends tf.layers.Layer {
  static readonly className = "CounterDropout";
  private readonly rate: number;
  private readonly seed: number;
  /** The training step; set before each forward pass, see {@link setStep}. */
  step = 0;

  constructor(config: CounterDropoutConfig) {
    super(config as ConstructorParameters<typeof tf.layers.Layer>[0]);
    this.rate = config.rate;
    this.seed = config.seed ?? 0;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor;
    if (!kwargs.training || this.rate === 0) return x.clone();
    const kept = tf.cast(tf.greaterEqual(statelessUniform(x.shape, this.seed, this.step), this.rate), "float32");
    return tf.mul(x, tf.div(kept, 1 - this.rate));
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate, seed: this.seed };
  }
}

/** Tells every dropout layer of a model the training step, which names its next mask. */
export function setStep(model: tf.LayersModel, step: number): void {
  for (const layer of model.layers) if (layer instanceof CounterDropout) layer.step = step;
}

tf.serialization.registerClass(CounterDropout);
