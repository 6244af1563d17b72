/** @module Reads micrometres per pixel and magnification in the notations of scanners and formats, and checks them. */

import { first, TAG, type Tags, text } from "../image/tiff/index";
import { micrometresOf, type OmePixels } from "./tiff/ome";
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

/** Vendor and scale of a page. */
export type Resolution = Pick<SlideInfo, "vendor" | "mpp" | "objective" | "remarks">;

/** Units of density by their number: inch and centimetre. */
const DENSITY_UNITS: Readonly<Record<number, number>> = { 2: 25_400, 3: 10_000 };

/** Reads the scale from OME's XML or from Aperio's description, else from the density of level 0. */
export function resolutionOf(tags: Tags, ome: OmePixels | undefined): Resolution {
  if (ome && ome.size[0] > 0) return resolution("ome", ome.size, ome.objective);
  const description = text(tags, TAG.description);
  if (/^Aperio/i.test(description)) {
    const mpp = numberAfter(description, "MPP");
    return resolution("aperio", [mpp, mpp], numberAfter(description, "AppMag"));
  }
  // ImageJ writes densities without a unit, which it names in words.
  const named = /^ImageJ=[\s\S]*?^unit=(.*)$/m.exec(description)?.[1] ?? "";
  const unit = DENSITY_UNITS[first(tags, TAG.resolutionUnit) ?? 2] ?? micrometresOf(named.trim());
  const along = (tag: number) => unit / (first(tags, tag) || Number.NaN);
  const density = [along(TAG.xResolution), along(TAG.yResolution)] as const;
  return resolution(ome ? "ome" : "generic-tiff", density, ome?.objective ?? Number.NaN);
}

function resolution(vendor: string, [x, y]: readonly [number, number], objective: number): Resolution {
  return { vendor, ...claimedScale(x, y), ...(objective > 0 && { objective }) };
}

/** Some scanners write a comma for the decimal point. */
function numberAfter(description: string, name: string): number {
  const written = new RegExp(`\\|\\s*${name}\\s*=([^|]*)`).exec(description)?.[1] ?? "";
  return Number.parseFloat(written.replace(",", "."));
}
