/** @module Reads micrometres per pixel and magnification in the notations of scanners and formats. */

import { first, TAG, type Tags, text } from "../../image/tiff/index";
import { claimedScale } from "../scale";
import type { SlideInfo } from "../types";
import { micrometresOf, type OmePixels } from "./ome";

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
