/** @module Measures texts and paths for figures without a browser. */
import type { SKRSContext2D } from "@napi-rs/canvas";

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

type Point = readonly [x: number, y: number];

/** Count of numbers after each absolute path command; the last ones are its end point. */
const NUMBERS: Record<string, number> = { M: 2, L: 2, T: 2, Q: 4, S: 4, C: 6, A: 7, H: 1, V: 1 };

/** The corners of a path with absolute commands, which plotly writes. */
function corners(d: string): Point[] {
  const points: Point[] = [];
  for (const [, command = "", rest = ""] of d.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
    const start = points[0];
    if (command.toUpperCase() === "Z" && start) points.push(start);
    const count = NUMBERS[command];
    if (!count) continue;
    const numbers = (rest.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
    for (let i = 0; i + count <= numbers.length; i += count) {
      const [x, y] = points.at(-1) ?? [0, 0];
      const last = numbers[i + count - 1] ?? 0;
      if (command === "H") points.push([last, y]);
      else if (command === "V") points.push([x, last]);
      else points.push([numbers[i + count - 2] ?? 0, last]);
    }
  }
  return points;
}

/** Length of a path in its own units. */
export function pathLength(d: string): number {
  const points = corners(d);
  return points.slice(1).reduce((sum, point, i) => sum + distance(points[i] ?? point, point), 0);
}

/** The point at a length along a path, or its end if the path is shorter. */
export function pointAlong(d: string, length: number): { x: number; y: number } {
  const points = corners(d);
  let left = length;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1] as Point, points[i] as Point];
    const step = distance(a, b);
    if (left <= step) {
      const share = step > 0 ? left / step : 0;
      return { x: a[0] + share * (b[0] - a[0]), y: a[1] + share * (b[1] - a[1]) };
    }
    left -= step;
  }
  const [x, y] = points.at(-1) ?? [0, 0];
  return { x, y };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(b[0] - a[0], b[1] - a[1]);
}

export interface SvgNode {
  readonly nodeType: number;
  readonly nodeValue: string | null;
}

export interface SvgElement extends SvgNode {
  readonly tagName: string;
  readonly childNodes: Iterable<SvgNode>;
  readonly children: Iterable<SvgElement>;
  readonly parentElement: SvgElement | null;
  readonly style?: { getPropertyValue(name: string): string };
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<SvgElement>;
}

/** An inherited property, from the style or the attribute of the nearest element that has it. */
export function property(element: SvgElement, name: string, otherwise: string): string {
  for (let at: SvgElement | null = element; at; at = at.parentElement) {
    const value = at.style?.getPropertyValue(name) || at.getAttribute(name);
    if (value) return value;
  }
  return otherwise;
}

/** Size of an element's font in pixels. */
export function fontSize(element: SvgElement): number {
  return relativeLength(property(element, "font-size", "12px"), 12) || 12;
}

/** A CSS length in pixels, where `em` and `%` are of the given size. */
export function relativeLength(text: string | null, size: number): number {
  const value = Number.parseFloat(text ?? "");
  if (Number.isNaN(value)) return 0;
  if (text?.trim().endsWith("em")) return value * size;
  return text?.trim().endsWith("%") ? (value / 100) * size : value;
}
