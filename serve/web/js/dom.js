/** @module Making elements, and numbers for people. */
export { counted } from "./format.js";

/**
 * An element: its tag with its classes, such as `button.quiet`, then attributes, if there are any, and children. Keys of attributes
 * that begin with `on` add listeners; `true` sets an empty attribute; `false` and undefined set none. Buttons submit nothing.
 * @param {string} tag
 * @param {...(Record<string, any> | Node | string | number | null | undefined | false)} parts
 * @returns {any} the element
 */
export function h(tag, ...parts) {
  const [name = "", ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length > 0) element.className = classes.join(" ");
  if (name === "button") element.setAttribute("type", "button");
  if (parts[0]?.constructor === Object) set(element, /** @type {Record<string, any>} */ (parts.shift()));
  element.append(...parts.filter((child) => child !== null && child !== undefined && child !== false).map(node));
  return element;
}

/** The head of a page. @param {string} title @param {...(Node | string | undefined | false)} text */
export function intro(title, ...text) {
  return h("div.intro", h("h1", title), text.length > 0 && h("p", ...text));
}

/** A control below its label. @param {string} label @param {HTMLElement} control */
export function field(label, control) {
  return h("div", h("label", { for: control.id }, label), control);
}

/**
 * The middle square of a picture on a canvas.
 * @param {CanvasImageSource} picture @param {number} width @param {number} height of the picture @param {number} [edge] of the canvas
 * @returns {HTMLCanvasElement}
 */
export function middleSquare(picture, width, height, edge = Math.min(width, height)) {
  const side = Math.min(width, height);
  const canvas = h("canvas", { width: edge, height: edge });
  canvas.getContext("2d").drawImage(picture, (width - side) / 2, (height - side) / 2, side, side, 0, 0, edge, edge);
  return canvas;
}

/** A table from the cells of its head and its rows. @param {readonly Node[]} heads @param {readonly Node[]} rows */
export function table(heads, rows) {
  return h("table", h("thead", h("tr", ...heads)), h("tbody", ...rows));
}

/**
 * A slider with its value beside the label.
 * @param {string} id @param {string} label @param {{min: number, max: number, step: number}} range @param {number} value
 * @param {(value: number) => string} told @param {(value: number) => void} change
 */
export function slider(id, label, range, value, told, change) {
  const output = h("output", { for: id });
  const input = h("input", { id, type: "range", ...range, oninput: () => set(Number(input.value)) });
  const show = (/** @type {number} */ next) => {
    input.value = String(next);
    output.textContent = told(next);
    input.setAttribute("aria-valuetext", told(next));
  };
  const set = (/** @type {number} */ next) => {
    show(next);
    change(next);
  };
  show(value);
  return { input, set, element: h("div", h("label", { for: id }, `${label} `, output), input) };
}

/** The same for SVG. @param {string} tag @param {Record<string, any>} [attributes] @param {...(Node | string)} children */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

/** @param {Element} element @param {Record<string, any>} attributes */
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, String(value));
  }
}

/** @param {any} child */
function node(child) {
  return typeof child === "object" ? child : String(child);
}

/** A message as a sentence of its own: with a capital letter. @param {string} text */
export function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A probability or share for people. @param {number} share @param {number} [digits] */
export function percent(share, digits = 1) {
  return `${(share * 100).toFixed(digits)} %`;
}

/**
 * Two shares for people, with as many digits as tell them apart: 83.3 % is not shown to be below 83.3 %.
 * @param {number} a @param {number} b @returns {[string, string]}
 */
export function toldApart(a, b) {
  let digits = 1;
  while (a !== b && percent(a, digits) === percent(b, digits)) {
    if (digits === 12) return [String(a), String(b)];
    digits++;
  }
  return [percent(a, digits), percent(b, digits)];
}

/** A share with as many digits as keep it from looking like none or all. @param {number} share */
export function tellingPercent(share) {
  return toldApart(share, share < 0.5 ? 0 : 1)[0];
}

/** Milliseconds for people. @param {number} ms */
export function milliseconds(ms) {
  return ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

/** Large counts for people: 360.3 million. @param {number} value */
export function count(value) {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} million`;
  return value.toLocaleString("en");
}
