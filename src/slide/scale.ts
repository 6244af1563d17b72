/** @module Whether the scale that a file claims can be used. */
import type { SlideInfo } from "./types";

/** Outside it a density is left over from a program that had none to give. */
const PLAUSIBLE_MPP = [0.05, 20] as const;
/** Scanners measure both directions, and differ by less between them. */
const MOST_STRETCHED = 1.05;

/**
 * The scale of a slide, where it is plausible and the same in both directions, else what is wrong with it.
 * @param x micrometres per pixel along a row, as the file says; not a number where it says nothing
 * @param y the same along a column
 */
export function claimedScale(x: number, y: number): Pick<SlideInfo, "mpp" | "remarks"> {
  const [least, most] = PLAUSIBLE_MPP;
  if (!(x > 0 && x < Number.POSITIVE_INFINITY)) return { remarks: [] };
  const brief = (value: number) => Number(value.toPrecision(4));
  if (x < least || x > most) return { remarks: [`it says ${brief(x)} micrometres per pixel, which is impossible`] };
  if (Math.max(x / y, y / x) > MOST_STRETCHED) {
    return { remarks: [`its pixels are not square (${brief(x)} x ${brief(y)} micrometres)`] };
  }
  return { mpp: x, remarks: [] };
}
