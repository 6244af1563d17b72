/** @module Measures SVG text in the font it is drawn in. */
import type { SKRSContext2D } from "@napi-rs/canvas";
import { fontSize, property, type SvgElement } from "./svg-element";

/** The first installed family of a CSS list, else a sans-serif one, else any. */
export async function fontFamily(list: string): Promise<string> {
  const { GlobalFonts } = await import("@napi-rs/canvas");
  const present = GlobalFonts.families.map((font) => font.family);
  const wanted = list.split(",").map((name) => name.trim().replace(/^["']|["']$/g, ""));
  return (
    wanted.find((name) => present.includes(name)) ??
    present.find((name) => /sans/i.test(name) && !/mono/i.test(name)) ??
    present[0] ??
    "sans-serif"
  );
}

/** Measures text in one font family; size, weight and style come from the element. */
export class TextMeasure {
  constructor(
    private readonly context: SKRSContext2D,
    private readonly family: string,
  ) {}

  /** Width of the element's text on one line, and the font's ascent and descent. */
  of(element: SvgElement): { width: number; ascent: number; descent: number } {
    let [width, ascent, descent] = [0, 0, 0];
    for (const node of element.childNodes) {
      const part = node.nodeType === 1 ? this.of(node as SvgElement) : this.ofText(element, node.nodeValue ?? "");
      width += part.width;
      ascent = Math.max(ascent, part.ascent);
      descent = Math.max(descent, part.descent);
    }
    return { width, ascent, descent };
  }

  private ofText(element: SvgElement, text: string): { width: number; ascent: number; descent: number } {
    if (text === "") return { width: 0, ascent: 0, descent: 0 };
    const style = property(element, "font-style", "normal");
    const weight = property(element, "font-weight", "normal");
    this.context.font = `${style} ${weight} ${fontSize(element)}px "${this.family}"`;
    const { width, fontBoundingBoxAscent: ascent, fontBoundingBoxDescent: descent } = this.context.measureText(text);
    return { width, ascent, descent };
  }
}
