/**
 * @module Seeded random streams: the seed and a path such as `("augment", epoch, image)` name a stream, so any draw can be repeated
 * without replaying earlier ones, and a resumed run needs no saved generator state.
 */

/** A stream of pseudo-random numbers (xoshiro128**, Blackman and Vigna 2018). Not for secrets. */
export class Random {
  private readonly state: Uint32Array;

  /** @param seed any number @param path name of the stream; different paths give independent streams */
  constructor(seed: number, ...path: readonly (string | number)[]) {
    this.state = new Uint32Array(4);
    let hash = mix(0x9e3779b9, seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0);
    for (const part of path) {
      if (typeof part === "number") hash = mix(hash, part >>> 0, Math.floor(part / 2 ** 32) >>> 0);
      else for (let i = 0; i < part.length; i++) hash = mix(hash, part.charCodeAt(i), i + 1);
      hash = mix(hash, 0x85ebca6b, typeof part === "number" ? 1 : 2);
    }
    for (let i = 0; i < 4; i++) this.state[i] = hash = mix(hash, i + 1, 0xc2b2ae35);
    if (this.state.every((word) => word === 0)) this.state[0] = 1;
  }

  /** The next 32 random bits as an unsigned integer. */
  bits(): number {
    const s = this.state as unknown as [number, number, number, number];
    const result = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotateLeft(s[3], 11);
    return result;
  }

  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number {
    return this.bits() / 2 ** 32;
  }

  /** Uniform in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Uniform integer in [0, limit). */
  integer(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** Normally distributed (Box-Muller). */
  normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.next());
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One element of a non-empty list. */
  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)] as T;
  }

  /** Shuffles in place (Fisher-Yates) and returns the same list. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }

  /** The numbers 0 to count - 1 in random order. */
  permutation(count: number): Uint32Array {
    return this.shuffle(Uint32Array.from({ length: count }, (_, i) => i));
  }
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** Mixes two words into a hash (the finalizer of MurmurHash3, Appleby). */
function mix(hash: number, a: number, b: number): number {
  let h = hash ^ Math.imul(a, 0xcc9e2d51) ^ Math.imul(rotateLeft(b, 15), 0x1b873593);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
