/** @module Non-negative sparse codes of a density for two stain vectors, in closed form. */

/**
 * Minimizes `|x - a h - b e|^2 / 2 + penalty (a + b)` over a, b >= 0. With two atoms there are four cases (both, either or
 * none used), so that no iteration is needed.
 */
export class SparseCoder {
  /** The codes found by the last call of {@link solve}. */
  h = 0;
  e = 0;
  private readonly hr: number;
  private readonly hg: number;
  private readonly hb: number;
  private readonly er: number;
  private readonly eg: number;
  private readonly eb: number;
  private readonly hh: number;
  private readonly ee: number;
  private readonly he: number;
  private readonly determinant: number;

  /** @param vectors red, green, blue of the first stain, then of the second */
  constructor(
    vectors: readonly number[],
    private readonly penalty: number,
  ) {
    [this.hr, this.hg, this.hb, this.er, this.eg, this.eb] = vectors as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    this.hh = this.hr * this.hr + this.hg * this.hg + this.hb * this.hb;
    this.ee = this.er * this.er + this.eg * this.eg + this.eb * this.eb;
    this.he = this.hr * this.er + this.hg * this.eg + this.hb * this.eb;
    this.determinant = this.hh * this.ee - this.he * this.he;
  }

  solve(r: number, g: number, b: number): void {
    const { hh, ee, he, determinant } = this;
    const fitH = this.hr * r + this.hg * g + this.hb * b - this.penalty;
    const fitE = this.er * r + this.eg * g + this.eb * b - this.penalty;
    const bothH = fitH * ee - he * fitE;
    const bothE = fitE * hh - he * fitH;
    if (bothH > 0 && bothE > 0 && determinant > 0) {
      this.h = bothH / determinant;
      this.e = bothE / determinant;
      return;
    }
    const onlyH = fitH > 0 ? fitH / hh : 0;
    const onlyE = fitE > 0 ? fitE / ee : 0;
    const useH = onlyH * onlyH * hh >= onlyE * onlyE * ee;
    this.h = useH ? onlyH : 0;
    this.e = useH ? 0 : onlyE;
  }
}
