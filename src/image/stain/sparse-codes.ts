/** @module Non-negative sparse codes of densities for two stain vectors, in closed form. */

/** Sums over pixels that the next stain vectors follow from: products of codes, and of codes with densities. */
interface Moments {
  readonly hh: number;
  readonly he: number;
  readonly ee: number;
  /** Of the first stain's codes with red, green, blue densities. */
  readonly hx: readonly [number, number, number];
  readonly ex: readonly [number, number, number];
}

/** Of which pixels {@link SparseCoder.sumByKind} takes sums. */
export interface Tissue {
  /** uint8 RGB */
  readonly pixels: Uint8Array;
  /** Optical density by byte. */
  readonly density: Float64Array;
  /** What red, green and blue add to the luminance: by byte of red, then of green, then of blue. */
  readonly luminance: Float64Array;
  /** Only darker pixels count. */
  readonly limit: number;
}

/** Sums of a kind of pixels: products rr, rg, rb, gg, gb, bb of densities; densities r, g, b; pixels. */
const SUMS = 10;
/** Pixels with neither code above 0, the first, the second, both. */
const KINDS = 4;

/**
 * Minimizes `|x - a h - b e|^2 / 2 + penalty (a + b)` over a, b >= 0 for two vectors without negative components. The best a
 * is that of both stains together or that of the first alone, whichever is smaller, or 0; b alike: where the other stain's
 * code would be negative, the first of the two is too large by what that would take back.
 */
export class SparseCoder {
  /** The vectors, and the factors of {@link best}: of the fit to the own stain, of that to the other, and of the own alone. */
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

  // Both loops are functions of their own with every number in a variable: numbers in fields would be loaded again for each
  // pixel, and what follows a loop is compiled without having been seen, in vain.

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
   * Sums of the densities of every `stride`-th pixel by which of its codes are above 0; {@link SparseCoder.momentsOf} takes them on.
   * As long as no pixel changes its kind, other vectors need no other sums.
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

  /** The moments of these vectors' codes, where every pixel is of the kind that it was summed as. */
  momentsOf(sums: Float64Array): Moments {
    const [hr, hg, hb, er, eg, eb, ofH, cross, ofE, onlyH, onlyE] = this.terms;
    const onlyFirst = codeSums(sums, SUMS, onlyH * hr, onlyH * hg, onlyH * hb, this.penalty * onlyH);
    const onlySecond = codeSums(sums, 2 * SUMS, onlyE * er, onlyE * eg, onlyE * eb, this.penalty * onlyE);
    // Where both are above 0 the codes are linear in the density too.
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
 * Of the code `a = p x - c` over the pixels of a kind: the sums of its products with red, green and blue density, of the
 * code, and of its square.
 */
function codeSums(sums: Float64Array, kind: number, pr: number, pg: number, pb: number, c: number) {
  const [rr, rg, rb, gg, gb, bb, r, g, b, n] = sums.subarray(kind, kind + SUMS) as unknown as Ten;
  const ar = pr * rr + pg * rg + pb * rb - c * r;
  const ag = pr * rg + pg * gg + pb * gb - c * g;
  const ab = pr * rb + pg * gb + pb * bb - c * b;
  const a = pr * r + pg * g + pb * b - c * n;
  return [ar, ag, ab, a, pr * ar + pg * ag + pb * ab - c * a] as const;
}

/** How many pixels {@link SparseCoder.sumByKind} has seen, and the sums of their densities. */
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
