/** @module Measures of SVG text for plotly's layout, which jsdom has not: widths, heights and boxes. */
import type { SKRSContext2D } from "@napi-rs/canvas";

/** A box in CSS pixels. */
interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The first family of a CSS list that this machine has, or else one without serifs, or else any. */
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

/** Gives SVG elements the measuring methods of a browser. Every text is taken to be in `family`. */
export function installMeasures(prototype: object, context: SKRSContext2D, family: string): void {
  const measure = new TextMeasure(context, family);
  Object.assign(prototype, {
    getBBox(this: Element) {
      const box = boxOf(this, measure);
      return { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top };
    },
    getBoundingClientRect(this: Element) {
      const box = boxOf(this, measure);
      return { ...box, x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top };
    },
    getComputedTextLength(this: Element) {
      return measure.of(this).width;
    },
  });
}

class TextMeasure {
  constructor(
    private readonly context: SKRSContext2D,
    private readonly family: string,
  ) {}

  /** Width of the element's text on one line, and how far the font reaches above and below the baseline. */
  of(element: Element): { width: number; ascent: number; descent: number } {
    let width = 0;
    let ascent = 0;
    let descent = 0;
    for (const node of element.childNodes) {
      if (node.nodeType === 1) {
        const inner = this.of(node as Element);
        width += inner.width;
        ascent = Math.max(ascent, inner.ascent);
        descent = Math.max(descent, inner.descent);
      } else if (node.nodeType === 3 && node.nodeValue) {
        this.context.font = `${property(element, "font-style", "normal")} ${property(element, "font-weight", "normal")} ${fontSize(element)}px "${this.family}"`;
        const metrics = this.context.measureText(node.nodeValue);
        width += metrics.width;
        ascent = Math.max(ascent, metrics.fontBoundingBoxAscent);
        descent = Math.max(descent, metrics.fontBoundingBoxDescent);
      }
    }
    return { width, ascent, descent };
  }
}

/** The box of an element and what is in it, in its parent's coordinates (translations are followed, turns are not). */
function boxOf(element: Element, measure: TextMeasure): Box {
  const tag = element.tagName.toLowerCase();
  if (tag === "text" || tag === "tspan") return textBox(element, measure);
  if (tag === "rect" || tag === "image") {
    const [left, top] = [attribute(element, "x"), attribute(element, "y")];
    return { left, top, right: left + attribute(element, "width"), bottom: top + attribute(element, "height") };
  }
  let union: Box | undefined;
  for (const child of element.children) {
    const box = boxOf(child, measure);
    if (box.right === box.left && box.bottom === box.top) continue;
    const [dx, dy] = translation(child);
    const moved = { left: box.left + dx, top: box.top + dy, right: box.right + dx, bottom: box.bottom + dy };
    union = union
      ? {
          left: Math.min(union.left, moved.left),
          top: Math.min(union.top, moved.top),
          right: Math.max(union.right, moved.right),
          bottom: Math.max(union.bottom, moved.bottom),
        }
      : moved;
  }
  return union ?? { left: 0, top: 0, right: 0, bottom: 0 };
}

function textBox(element: Element, measure: TextMeasure): Box {
  const lines = [...element.querySelectorAll("tspan.line")];
  const parts = lines.length > 0 ? lines : [element];
  const x = attribute(element, "x");
  const y = attribute(element, "y");
  const box = { left: x, top: y, right: x, bottom: y };
  let first = true;
  for (const part of parts) {
    const { width, ascent, descent } = measure.of(part);
    if (width === 0) continue;
    const shift = part === element ? 0 : relativeLength(part.getAttribute("dy"), fontSize(element));
    const anchor = property(element, "text-anchor", "start");
    const left = x - (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0);
    box.left = first ? left : Math.min(box.left, left);
    box.right = first ? left + width : Math.max(box.right, left + width);
    box.top = first ? y + shift - ascent : Math.min(box.top, y + shift - ascent);
    box.bottom = first ? y + shift + descent : Math.max(box.bottom, y + shift + descent);
    first = false;
  }
  return box;
}

function fontSize(element: Element): number {
  return relativeLength(property(element, "font-size", "12px"), 12) || 12;
}

/** A CSS length in pixels, where `em` and `%` are of the given size. */
function relativeLength(text: string | null, size: number): number {
  const value = Number.parseFloat(text ?? "");
  if (Number.isNaN(value)) return 0;
  if (text?.trim().endsWith("em")) return value * size;
  return text?.trim().endsWith("%") ? (value / 100) * size : value;
}

/** A property that is inherited, from the style or the attribute of the nearest element that has it. */
function property(element: Element, name: string, otherwise: string): string {
  for (let at: Element | null = element; at; at = at.parentElement) {
    const styled = (at as unknown as { style?: CSSStyle }).style?.getPropertyValue(name) || at.getAttribute(name);
    if (styled) return styled;
  }
  return otherwise;
}

interface CSSStyle {
  getPropertyValue(name: string): string;
}

function attribute(element: Element, name: string): number {
  return Number.parseFloat(element.getAttribute(name) ?? "") || 0;
}

function translation(element: Element): [number, number] {
  const found = /translate\(\s*(-?[\d.e]+)(?:[\s,]+(-?[\d.e]+))?/.exec(element.getAttribute("transform") ?? "");
  return [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)];
}

/** The little of the DOM that is used here; the project is compiled without the types of a browser. */
interface Node {
  readonly nodeType: number;
  readonly nodeValue: string | null;
}
interface Element extends Node {
  readonly tagName: string;
  readonly childNodes: Iterable<Node>;
  readonly children: Iterable<Element>;
  readonly parentElement: Element | null;
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<Element>;
}
