/** @module Seamless value-noise textures from which all tiles of a data set take their grain. */
import { Random } from "../../random/index";

const EDGE = 512;
const MASK = EDGE - 1;

/** A periodic field with mean 0 and values from about -1 to 1, sampled at any place. */
class NoiseTexture {
  private readonly values: Float32Array;

  /** @param cell size of the coarsest grain (a power of two, in samples) @param octaves each halves the grain and its weight */
  constructor(random: Random, cell: number, octaves: number) {
    const values = new Float32Array(EDGE * EDGE);
    let total = 0;
    for (let octave = 0, weight = 1, size = cell; octave < octaves && size >= 1; octave++, weight *= 0.55, size /= 2) {
      addLattice(values, random, size, weight);
      total += weight * weight;
    }
    const scale = 1.6 / Math.sqrt(total);
    for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * scale;
    this.values = values;
  }

  /** Bilinear sample; the field repeats every 512 units. */
  at(x: number, y: number): number {
    const floorX = Math.floor(x);
    const floorY = Math.floor(y);
    const fx = x - floorX;
    const fy = y - floorY;
    const x0 = floorX & MASK;
    const x1 = (x0 + 1) & MASK;
    const row0 = (floorY & MASK) * EDGE;
    const row1 = ((floorY + 1) & MASK) * EDGE;
    const v = this.values;
    const top = (v[row0 + x0] as number) * (1 - fx) + (v[row0 + x1] as number) * fx;
    const bottom = (v[row1 + x0] as number) * (1 - fx) + (v[row1 + x1] as number) * fx;
    return top * (1 - fy) + bottom * fy;
  }
}

function addLattice(values: Float32Array, random: Random, cell: number, weight: number): void {
  const count = EDGE / cell;
  const lattice = Float32Array.from({ length: count * count }, () => random.uniform(-1, 1));
  const ease = Float32Array.from({ length: cell }, (_, i) => (i / cell) ** 2 * (3 - (2 * i) / cell));
  for (let y = 0; y < EDGE; y++) {
    const j = Math.floor(y / cell);
    const row0 = j * count;
    const row1 = ((j + 1) % count) * count;
    const fy = ease[y - j * cell] as number;
    for (let x = 0; x < EDGE; x++) {
      const i = Math.floor(x / cell);
      const next = (i + 1) % count;
      const fx = ease[x - i * cell] as number;
      const top = (lattice[row0 + i] as number) * (1 - fx) + (lattice[row0 + next] as number) * fx;
      const bottom = (lattice[row1 + i] as number) * (1 - fx) + (lattice[row1 + next] as number) * fx;
      values[y * EDGE + x] = (values[y * EDGE + x] as number) + weight * (top * (1 - fy) + bottom * fy);
    }
  }
}

/** The textures that one data set is drawn with. */
export interface Textures {
  /** Broad waviness, grain of about 64 units. */
  readonly broad: NoiseTexture;
  /** Medium, grain of about 16 units. */
  readonly medium: NoiseTexture;
  /** Fine, grain of about 4 units. */
  readonly fine: NoiseTexture;
}

export function createTextures(seed: number): Textures {
  return {
    broad: new NoiseTexture(new Random(seed, "synthetic", "broad"), 64, 3),
    medium: new NoiseTexture(new Random(seed, "synthetic", "medium"), 16, 3),
    fine: new NoiseTexture(new Random(seed, "synthetic", "fine"), 4, 2),
  };
}
