/** @module Closed-form non-negative sparse codes of densities for two stain vectors. */

/** Sums over pixels from which the next stain vectors are computed: products of codes, and of codes with densities. */
export interface Moments {
  readonly hh: number;
  readonly he: number;
  readonly ee: number;
  /** Products of the first stain's codes with red, green, blue densities. */
  readonly hx: readonly [number, number, number];
  readonly ex: readonly [number, number, number];
}

/** The pixels for {@link SparseCoder.sumByKind}. */
export interface Tissue {
  /** uint8 RGB */
  readonly pixels: Uint8Array;
  /** Optical density by byte. */
  readonly density: Float64Array;
  /** Contribution to the luminance by byte of red, then of green, then of blue. */
  readonly luminance: Float64Array;
  /** Luminance below which pixels are tissue. */
  readonly limit: number;
}

/** Number of sums for a kind of pixels: products rr, rg, rb, gg, gb, bb of densities; densities r, g, b; pixels. */
const SUMS = 10;
/** Kinds of pixels, by codes above 0: neither, the first, the second, both. */
const KINDS = 4;

/**
 * Minimizes `|x - a h - b e|^2 / 2 + penalty (a + b)` over a, b >= 0 for two vectors without negative components. The best a is the
 * smaller one of that of both stains together and that of the first alone, or 0; likewise b. (If the other stain's code is negative
 * in the joint fit, the own code is too large there.)
 */
export class SparseCoder {
  /** The vectors, and the factors of {@link best}: for the own stain, the other stain, and the own stain alone. */
  private readonly terms: Eleven;

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

  // Both loops are separate functions with all numbers in local variables: fields would be loaded again for each pixel, and
  // code after a loop would be compiled in vain (see percentile.ts).

  /** Codes of pixels. @param density by byte @param pixels uint8 RGB */
  encode(pixels: Uint8Array, density: Float64Array, h: Float32Array, e: Float32Array): void {
    const [hr, hg, hb, er, eg, eb, ofH, cross, ofE, onlyH, onlyE] = this.terms;
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

  /**
   * Sums of the densities of every `stride`-th pixel by kind, for {@link SparseCoder.momentsOf}. Valid for other vectors as long as no
   * pixel changes its kind.
   */
  sumByKind({ pixels, density, luminance, limit }: Tissue, stride: number): Float64Array {
    const [hr, hg, hb, er, eg, eb, ofH, cross, ofE, onlyH, onlyE] = this.terms;
    const { penalty } = this;
    const sums = new Float64Array(KINDS * SUMS);
    for (let i = 0; i < pixels.length; i += 3 * stride) {
      const [red, green, blue] = [pixels[i]!, pixels[i + 1]!, pixels[i + 2]!];
      if (luminance[red]! + luminance[256 + green]! + luminance[512 + blue]! >= limit) continue;
      const [r, g, b] = [density[red]!, density[green]!, density[blue]!];
      const fitH = hr * r + hg * g + hb * b - penalty;
      const fitE = er * r + eg * g + eb * b - penalty;
      const h = best(fitH, fitE, ofH, cross, onlyH);
      const e = best(fitE, fitH, ofE, cross, onlyE);
      const at = SUMS * ((h > 0 ? 1 : 0) + (e > 0 ? 2 : 0));
      sums[at]! += r * r;
      sums[at + 1]! += r * g;
      sums[at + 2]! += r * b;
      sums[at + 3]! += g * g;
      sums[at + 4]! += g * b;
      sums[at + 5]! += b * b;
      sums[at + 6]! += r;
      sums[at + 7]! += g;
      sums[at + 8]! += b;
      sums[at + 9]! += 1;
    }
    return sums;
  }

  /** The moments of these vectors' codes, assuming that no pixel has changed its kind. */
  momentsOf(sums: Float64Array): Moments {
    const [hr, hg, hb, er, eg, eb, ofH, cross, ofE, onlyH, onlyE] = this.terms;
    const onlyFirst = codeSums(sums, SUMS, onlyH * hr, onlyH * hg, onlyH * hb, this.penalty * onlyH);
    const onlySecond = codeSums(sums, 2 * SUMS, onlyE * er, onlyE * eg, onlyE * eb, this.penalty * onlyE);
    // If both are above 0, the codes are linear in the density too.
    const p = [ofH * hr - cross * er, ofH * hg - cross * eg, ofH * hb - cross * eb] as const;
    const q = [ofE * er - cross * hr, ofE * eg - cross * hg, ofE * eb - cross * hb] as const;
    const [c, d] = [this.penalty * (ofH - cross), this.penalty * (ofE - cross)];
    const first = codeSums(sums, 3 * SUMS, ...p, c);
    const second = codeSums(sums, 3 * SUMS, ...q, d);
    return {
      hh: onlyFirst[4] + first[4],
      ee: onlySecond[4] + second[4],
      he: q[0] * first[0] + q[1] * first[1] + q[2] * first[2] - d * first[3],
      hx: [onlyFirst[0] + first[0], onlyFirst[1] + first[1], onlyFirst[2] + first[2]],
      ex: [onlySecond[0] + second[0], onlySecond[1] + second[1], onlySecond[2] + second[2]],
    };
  }
}

type Ten = readonly [number, number, number, number, number, number, number, number, number, number];
type Eleven = readonly [...Ten, number];

/**
 * For the code `a = p x - c`, sums over the pixels of a kind: of its products with red, green and blue density, of the code itself,
 * and of its square.
 */
function codeSums(sums: Float64Array, kind: number, pr: number, pg: number, pb: number, c: number) {
  const [rr, rg, rb, gg, gb, bb, r, g, b, n] = sums.subarray(kind, kind + SUMS) as unknown as Ten;
  const ar = pr * rr + pg * rg + pb * rb - c * r;
  const ag = pr * rg + pg * gg + pb * gb - c * g;
  const ab = pr * rb + pg * gb + pb * bb - c * b;
  const a = pr * r + pg * g + pb * b - c * n;
  return [ar, ag, ab, a, pr * ar + pg * ag + pb * ab - c * a] as const;
}

/** The number of pixels in the sums of {@link SparseCoder.sumByKind}, and the sums of their densities. */
export function totalsOf(sums: Float64Array) {
  let [red, green, blue, pixels] = [0, 0, 0, 0];
  for (let kind = 0; kind < sums.length; kind += SUMS) {
    red += sums[kind + 6] as number;
    green += sums[kind + 7] as number;
    blue += sums[kind + 8] as number;
    pixels += sums[kind + 9] as number;
  }
  return { pixels, red, green, blue };
}

// Without branches, which would be mispredicted for every other pixel.

function best(own: number, other: number, both: number, cross: number, alone: number): number {
  return positive(smaller(own * both - other * cross, own * alone));
}

function smaller(a: number, b: number): number {
  return 0.5 * (a + b - Math.abs(a - b));
}

function positive(a: number): number {
  return 0.5 * (a + Math.abs(a));
}
