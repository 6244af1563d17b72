/** @module The meaning of a sample behind the colours (tag ExtraSamples): transparency is laid on white, others are left out. */

/** The colours are multiplied by the transparency already. */
const PREMULTIPLIED = 1;
const TRANSPARENCY = 2;

/** Whether an extra sample is transparency. */
export function isTransparency(extra: number | undefined): extra is number {
  return extra === PREMULTIPLIED || extra === TRANSPARENCY;
}

/** A colour on white. @param opaque 0 (transparent) to 255 */
export function onWhite(value: number, opaque: number, extra: number): number {
  return Math.min(255, (extra === PREMULTIPLIED ? value : Math.round((value * opaque) / 255)) + 255 - opaque);
}
