/** @module Non-negative sparse codes of densities for two stain vectors, in closed form. */

/** Sums over colours that the next stain vectors follow from: products of codes, and of codes with densities. */
export interface Moments {
  readonly hh: number;
  readonly he: number;
  readonly ee: number;
  /** Of the first stain's codes with red, green, blue densities. */
  readonly hx: readonly [number, number, number];
  readonly ex: readonly [number, number, number];
}

/**
 * Minimizes `|x - a h - b e|^2 / 2 + penalty (a + b)` over a, b >= 0 for two vectors without negative components. The best a
 * is that of both stains together or that of the first alone, whichever is smaller, or 0; b alike: where the other stain's
 * code would be negative, the first of the two is too large by what that would take back.
 */
export class SparseCoder {
  /** The vectors, and the factors of {@link best}: of the fit to the own stain, of that to the other, and of the own alone. */
  private readonly terms: readonly number[];

  /** @param vectors red, green, blue of the first stain, then of the second */
  constructor(
    vectors: readonly number[],
    private readonly penalty: number,
  ) {
    const [hr, hg, hb, er, eg, eb] = vectors as [number, number, number, number, number, number];
    const hh = hr * hr + hg * hg + hb * hb;
    const ee = er * er + eg * eg + eb * eb;
    const he = hr * er + hg * eg + hb * eb;
    const inverse = (value: number) => (value > 0 ? 1 / value : 0);
    const both = inverse(hh * ee - he * he);
    this.terms = [hr, hg, hb, er, eg, eb, ee * both, he * both, hh * both, inverse(hh), inverse(ee)];
  }

  // Both loops are functions of their own with every number in a variable: numbers in fields would be loaded again for each
  // pixel, and what follows a loop is compiled without having been seen, in vain.

  /** Codes of pixels. @param density by byte @param pixels uint8 RGB */
  encode(pixels: Uint8Array, density: Float64Array, h: Float32Array, e: Float32Array): void {
    const [hr, hg, hb, er, eg, eb, ofH, cross, ofE, onlyH, onlyE] = this.terms as Eleven;
    const { penalty } = this;
    for (let i = 0, pixel = 0; i < pixels.length; i += 3, pixel++) {
      const r = density[pixels[i]!]!;
      const g = density[pixels[i + 1]!]!;
      const b = density[pixels[i + 2]!]!;
      const fitH = hr * r + hg * g + hb * b - penalty;
      const fitE = er * r + eg * g + eb * b - penalty;
      h[pixel] = best(fitH, fitE, ofH, cross, onlyH);
      e[pixel] = best(fitE, fitH, ofE, cross, onlyE);
    }
  }

  /** @param densities red, green, blue of each colour, one colour after the other @param weights of the colours */
  moments(densities: Float64Array, weights: Float64Array, count: number): Moments {
    const [hr, hg, hb, er, eg, eb, ofH, cross, ofE, onlyH, onlyE] = this.terms as Eleven;
    const { penalty } = this;
    let [hh, he, ee, hxr, hxg, hxb, exr, exg, exb] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (let slot = 0, at = 0; slot < count; slot++, at += 3) {
      const [r, g, b] = [densities[at] as number, densities[at + 1] as number, densities[at + 2] as number];
      const fitH = hr * r + hg * g + hb * b - penalty;
      const fitE = er * r + eg * g + eb * b - penalty;
      const h = best(fitH, fitE, ofH, cross, onlyH);
      const e = best(fitE, fitH, ofE, cross, onlyE);
      const wh = h * (weights[slot] as number);
      const we = e * (weights[slot] as number);
      hh += wh * h;
      he += wh * e;
      ee += we * e;
      hxr += wh * r;
      hxg += wh * g;
      hxb += wh * b;
      exr += we * r;
      exg += we * g;
      exb += we * b;
    }
    return { hh, he, ee, hx: [hxr, hxg, hxb], ex: [exr, exg, exb] };
  }
}

type Eleven = [number, number, number, number, number, number, number, number, number, number, number];

// Without branches, which would be guessed wrong for every other pixel.

function best(own: number, other: number, both: number, cross: number, alone: number): number {
  return positive(smaller(own * both - other * cross, own * alone));
}

function smaller(a: number, b: number): number {
  return 0.5 * (a + b - Math.abs(a - b));
}

function positive(a: number): number {
  return 0.5 * (a + Math.abs(a));
}
