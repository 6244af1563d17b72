/** @module The used part of SVG's document model; the project is compiled without a browser's types. */
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
