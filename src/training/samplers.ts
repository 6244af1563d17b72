/** @module Which examples an epoch uses, and in which order: a function of the seed and the epoch. */
import { Random } from "../random/index";

/** The examples of an epoch as positions in the training set. */
export type Sampler = (epoch: number) => Uint32Array;

/** Every example once, in random order. */
export function shuffled(count: number, seed: number): Sampler {
  return (epoch) => new Random(seed, "shuffle", epoch).permutation(count);
}

/** As many examples as the set has, drawn with replacement so that both classes are equally frequent. */
export function balanced(labels: ArrayLike<number>, seed: number): Sampler {
  const byClass: [number[], number[]] = [[], []];
  for (let i = 0; i < labels.length; i++) byClass[labels[i] ? 1 : 0].push(i);
  return (epoch) => {
    const random = new Random(seed, "balanced", epoch);
    return Uint32Array.from({ length: labels.length }, () => random.pick(byClass[random.chance(0.5) ? 1 : 0]));
  };
}
