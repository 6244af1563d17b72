/** @module Non-negative sparse codes of a density for two stain vectors, in closed form. */

/**
 * Minimizes `|x - a h - b e|^2 / 2 + penalty (a + b)` over a, b >= 0 for two vectors without negative components. The best a
 * is that of both stains together or that of the first alone, whichever is smaller, or 0; b alike: where the other stain's
 * code would be negative, the first of the two is too large by what that would take back.
 */
export class SparseCoder {
  private readonly hr: number;
  private readonly hg: number;
  private readonly hb: number;
  private readonly er: number;
  private readonly eg: number;
  private readonly eb: number;
  private readonly bothHH: number;
  private readonly bothHE: number;
  private readonly bothEE: number;
  private readonly onlyH: number;
  private readonly onlyE: number;

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
    [this.hr, this.hg, this.hb, this.er, this.eg, this.eb] = [hr, hg, hb, er, eg, eb];
    [this.bothHH, this.bothHE, this.bothEE] = [ee * both, he * both, hh * both];
    [this.onlyH, this.onlyE] = [inverse(hh), inverse(ee)];
  }

  /** What a density (red, green, blue) has in common with the first stain, less the penalty. */
  fitH(r: number, g: number, b: number): number {
    return this.hr * r + this.hg * g + this.hb * b - this.penalty;
  }

  fitE(r: number, g: number, b: number): number {
    return this.er * r + this.eg * g + this.eb * b - this.penalty;
  }

  /** The code of the first stain. */
  h(fitH: number, fitE: number): number {
    return positive(smaller(fitH * this.bothHH - fitE * this.bothHE, fitH * this.onlyH));
  }

  e(fitH: number, fitE: number): number {
    return positive(smaller(fitE * this.bothEE - fitH * this.bothHE, fitE * this.onlyE));
  }
}

// Without branches, which would be guessed wrong for every other pixel.

function smaller(a: number, b: number): number {
  return 0.5 * (a + b - Math.abs(a - b));
}

function positive(a: number): number {
  return 0.5 * (a + Math.abs(a));
}
