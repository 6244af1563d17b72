/** @module Bounding boxes of transformed SVG elements for plotly's layout, which jsdom lacks. */
import { fontSize, property, relativeLength, type SvgElement, type TextMeasure } from "./svg-measures";

/** A box in CSS pixels. */
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
