/** @module Micrometres of a pixel and magnification, as scanners and their formats write them. */
import { first, TAG, type Tags, text } from "./directory";

/** What a page says of its scale. */
interface Resolution {
  readonly vendor: string;
  readonly mpp?: number;
  readonly objective?: number;
  readonly remarks: readonly string[];
}

/** Outside it a density is left over from a program that had none to give. */
export const PLAUSIBLE_MPP = [0.05, 20] as const;

const MICROMETRES: Readonly<Record<string, number>> = { nm: 1e-3, µm: 1, μm: 1, um: 1, mm: 1e3, cm: 1e4, m: 1e6 };

/** Reads the scale from level 0's tags: Aperio's description, OME's XML, else the density. */
export function resolutionOf(tags: Tags): Resolution {
  const description = text(tags, TAG.description);
  if (/^Aperio/i.test(description)) {
    return said("aperio", numberAfter(description, "MPP"), numberAfter(description, "AppMag"));
  }
  if (/<OME[\s>]/.test(description)) {
    const size = Number(attribute(description, "PhysicalSizeX"));
    const unit = attribute(description, "PhysicalSizeXUnit")?.replace("&#181;", "µ") ?? "µm";
    return said(
      "ome",
      size * (MICROMETRES[unit] ?? Number.NaN),
      Number(attribute(description, "NominalMagnification")),
    );
  }
  const unit = { 2: 25_400, 3: 10_000 }[first(tags, TAG.resolutionUnit) ?? 2];
  const density = first(tags, TAG.xResolution);
  return said("generic-tiff", unit && density ? unit / density : Number.NaN, Number.NaN);
}

function said(vendor: string, mpp: number, objective: number): Resolution {
  const [least, most] = PLAUSIBLE_MPP;
  const known = Number.isFinite(mpp) && mpp > 0;
  const plausible = known && mpp >= least && mpp <= most;
  return {
    vendor,
    ...(plausible && { mpp }),
    ...(objective > 0 && { objective }),
    remarks:
      known && !plausible ? [`it says ${Number(mpp.toPrecision(4))} micrometres per pixel, which is impossible`] : [],
  };
}

function numberAfter(description: string, name: string): number {
  return Number(new RegExp(`\\|\\s*${name}\\s*=\\s*([\\d.]+)`).exec(description)?.[1]);
}

function attribute(xml: string, name: string): string | undefined {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(xml)?.[1];
}
