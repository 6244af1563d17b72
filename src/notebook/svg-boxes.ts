/** @module Sizes of SVG elements and texts, and bounding boxes of transformed ones, for plotly's layout, which jsdom lacks. */
import type { SKRSContext2D } from "@napi-rs/canvas";

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The affine map (x, y) -> (ax + cy + e, bx + dy + f), as in SVG's `matrix(a b c d e f)`. */
type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0];
const EMPTY: Box = { left: 0, top: 0, right: 0, bottom: 0 };

/** The box in the element's own coordinates (`getBBox`). Lines and paths count as empty. */
export function localBox(element: SvgElement, measure: TextMeasure): Box {
  const tag = element.tagName.toLowerCase();
  if (tag === "text" || tag === "tspan") return textBox(element, measure);
  if (tag === "rect" || tag === "image") {
    const [left, top] = [attribute(element, "x"), attribute(element, "y")];
    return { left, top, right: left + attribute(element, "width"), bottom: top + attribute(element, "height") };
  }
  const inside = [...element.children]
    .map((child) => transformed(localBox(child, measure), matrixOf(child)))
    .filter((box) => box.right > box.left || box.bottom > box.top);
  return inside.length > 0 ? union(inside) : EMPTY;
}

/** The box on the page (`getBoundingClientRect`). */
export function pageBox(element: SvgElement, measure: TextMeasure): Box {
  let box = localBox(element, measure);
  for (let at: SvgElement | null = element; at; at = at.parentElement) box = transformed(box, matrixOf(at));
  return box;
}

function union(boxes: readonly Box[]): Box {
  return {
    left: Math.min(...boxes.map((box) => box.left)),
    top: Math.min(...boxes.map((box) => box.top)),
    right: Math.max(...boxes.map((box) => box.right)),
    bottom: Math.max(...boxes.map((box) => box.bottom)),
  };
}

function textBox(element: SvgElement, measure: TextMeasure): Box {
  const [x, y] = [attribute(element, "x"), attribute(element, "y")];
  const lines = [...element.querySelectorAll("tspan.line")];
  const anchor = property(element, "text-anchor", "start");
  const boxes = (lines.length > 0 ? lines : [element]).map((line) => {
    const { width, ascent, descent } = measure.of(line);
    const left = x - (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0);
    const baseline = y + (line === element ? 0 : relativeLength(line.getAttribute("dy"), fontSize(element)));
    return { left, right: left + width, top: baseline - ascent, bottom: baseline + descent };
  });
  const filled = boxes.filter((box) => box.right > box.left);
  return filled.length > 0 ? union(filled) : { left: x, top: y, right: x, bottom: y };
}

function attribute(element: SvgElement, name: string): number {
  return Number.parseFloat(element.getAttribute(name) ?? "") || 0;
}

function matrixOf(element: SvgElement): Matrix {
  let matrix = IDENTITY;
  const functions = (element.getAttribute("transform") ?? "").matchAll(/(\w+)\(([^)]*)\)/g);
  for (const [, name = "", list = ""] of functions) {
    const numbers = (list.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
    matrix = product(matrix, matrixFor(name, numbers));
  }
  return matrix;
}

function matrixFor(name: string, [p = 0, q, r, ...rest]: readonly number[]): Matrix {
  if (name === "translate") return [1, 0, 0, 1, p, q ?? 0];
  if (name === "scale") return [p, 0, 0, q ?? p, 0, 0];
  if (name === "matrix") return [p, q ?? 0, r ?? 0, rest[0] ?? 1, rest[1] ?? 0, rest[2] ?? 0];
  if (name !== "rotate") return IDENTITY;
  const [cos, sin] = [Math.cos((p * Math.PI) / 180), Math.sin((p * Math.PI) / 180)];
  const [x, y] = [q ?? 0, r ?? 0];
  return [cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y];
}

function product(m: Matrix, n: Matrix): Matrix {
  return [
    m[0] * n[0] + m[2] * n[1],
    m[1] * n[0] + m[3] * n[1],
    m[0] * n[2] + m[2] * n[3],
    m[1] * n[2] + m[3] * n[3],
    m[0] * n[4] + m[2] * n[5] + m[4],
    m[1] * n[4] + m[3] * n[5] + m[5],
  ];
}

function transformed(box: Box, [a, b, c, d, e, f]: Matrix): Box {
  const corners = [
    [box.left, box.top],
    [box.right, box.top],
    [box.left, box.bottom],
    [box.right, box.bottom],
  ] as const;
  const xs = corners.map(([x, y]) => a * x + c * y + e);
  const ys = corners.map(([x, y]) => b * x + d * y + f);
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

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
function property(element: SvgElement, name: string, otherwise: string): string {
  for (let at: SvgElement | null = element; at; at = at.parentElement) {
    const value = at.style?.getPropertyValue(name) || at.getAttribute(name);
    if (value) return value;
  }
  return otherwise;
}

/** Size of an element's font in pixels. */
function fontSize(element: SvgElement): number {
  return relativeLength(property(element, "font-size", "12px"), 12) || 12;
}

/** A CSS length in pixels, where `em` and `%` are of the given size. */
function relativeLength(text: string | null, size: number): number {
  const value = Number.parseFloat(text ?? "");
  if (Number.isNaN(value)) return 0;
  if (text?.trim().endsWith("em")) return value * size;
  return text?.trim().endsWith("%") ? (value / 100) * size : value;
}
