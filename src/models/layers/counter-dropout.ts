/**
 * @module Dropout whose mask depends only on the seed, the layer and the step: tfjs's own has no seed, or always the same mask.
 * @see findings/tfjs-dropout-seed.sh
 */
import { type DropoutLayer, statelessUniform, tf } from "../../tensorflow/index";
import { Layer } from "./layer";

interface CounterDropoutConfig {
  readonly name?: string;
  /** Probability of dropping a unit. */
  readonly rate: number;
  readonly seed?: number;
}

/** Inverted dropout (Srivastava et al. 2014); the identity outside training. */
export class CounterDropout extends Layer<{ readonly rate: number; readonly seed: number }> implements DropoutLayer {
  static readonly className = "CounterDropout";
  /** The training step; set before each forward pass, see {@link setStep}. */
  step = 0;

  constructor({ rate, seed = 0, ...config }: CounterDropoutConfig) {
    super(config, { rate, seed });
  }

  get rate(): number {
    return this.settings.rate;
  }

  get factor(): number {
    return 1 / Math.fround(1 - this.rate);
  }

  draws(shape: readonly number[]): tf.Tensor {
    return statelessUniform(shape, this.settings.seed, this.step);
  }

  protected compute(x: tf.Tensor, training: boolean): tf.Tensor {
    if (!training || this.rate === 0) return x.clone();
    const kept = tf.cast(tf.greaterEqual(this.draws(x.shape), this.rate), "float32");
    return tf.mul(x, tf.mul(kept, this.factor));
  }
}

/** Sets the training step of every dropout layer, which determines its next mask. */
export function setStep(model: tf.LayersModel, step: number): void {
  for (const layer of model.layers) if (layer instanceof CounterDropout) layer.step = step;
}

tf.serialization.registerClass(CounterDropout);
