/** @module Checks the scale in a file. */
import type { SlideInfo } from "./types";

/** Densities outside this range are meaningless defaults of some program. */
const PLAUSIBLE_MPP = [0.05, 20] as const;
/** Maximum ratio of the two directions, which scanners measure separately. */
const MOST_STRETCHED = 1.05;

/**
 * The scale of a slide if it is plausible and the same in both directions, else a remark on the problem.
 * @param x micrometres per pixel along a row, from the file; NaN if missing
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
