/** @module Reads OME's XML in the description of a TIFF file's first page. */

/** The properties that determine the meaning of an OME-TIFF file's pages. */
export interface OmePixels {
  /** Number of channels, in one page or several. */
  readonly channels: number;
  /** Number of depths times number of times. */
  readonly planes: number;
  /** Micrometres per pixel along a row and a column; NaN if missing. */
  readonly size: readonly [x: number, y: number];
  readonly objective: number;
  /** Whether one of the file's pictures has this size. A smaller one beside the slide is no copy of it, though it may look so. */
  isPicture(width: number, height: number): boolean;
}

const MICROMETRES: Readonly<Record<string, number>> = {
  // A micro sign of another encoding than UTF-8 is read as the replacement character.
  ...{ Å: 1e-4, nm: 1e-3, µm: 1, μm: 1, um: 1, "\uFFFDm": 1, mm: 1e3, cm: 1e4, dm: 1e5, m: 1e6 },
  ...{ thou: 25.4, mil: 25.4, in: 25_400 },
  // ImageJ's words, the last with its own notation of a micro sign.
  ...{ micron: 1, microns: 1, micrometer: 1, "\\u00B5m": 1, inch: 25_400 },
};

/** Micrometres of a unit; NaN if it is none of length. */
export function micrometresOf(unit: string): number {
  return MICROMETRES[unit] ?? Number.NaN;
}

/** References to characters by number, such as `&#181;` and `&#xB5;`. */
const CHARACTER = /&#(?:x([0-9a-f]{1,4})|(\d{1,4}));/gi;

/**
 * Reads a description; undefined if it is not OME's.
 * @param width width of level 0, which distinguishes it from the images of label and glass
 */
export function omePixels(description: string, width: number, height: number): OmePixels | undefined {
  if (!/<OME[\s>]/.test(description)) return undefined;
  const images = (description.match(/<Pixels\b[^<>]*>/g) ?? []).map((element) => attributesIn(element));
  const ofSize = (width: number, height: number) =>
    images.find((has) => has("SizeX") === String(width) && has("SizeY") === String(height));
  const own = ofSize(width, height);
  const attribute = own ?? images[0] ?? (() => undefined);
  const sizeAlong = (axis: string) => {
    const unit = attribute(`PhysicalSize${axis}Unit`)?.replace(CHARACTER, characterOf) ?? "µm";
    return Number(attribute(`PhysicalSize${axis}`)) * micrometresOf(unit);
  };
  return {
    channels: Number(attribute("SizeC") ?? 1),
    planes: Number(attribute("SizeZ") ?? 1) * Number(attribute("SizeT") ?? 1),
    size: [sizeAlong("X"), sizeAlong("Y")],
    objective: Number(attributesIn(description)("NominalMagnification")),
    isPicture: (width, height) => ofSize(width, height) !== undefined,
  };
}

function characterOf(_: string, hex: string | undefined, decimal: string): string {
  return String.fromCharCode(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
}

/** Looks up attributes in XML by name; takes the first of several. */
function attributesIn(xml: string): (name: string) => string | undefined {
  return (name) => new RegExp(`\\b${name}\\s*=\\s*(["'])([^]*?)\\1`).exec(xml)?.[2];
}
