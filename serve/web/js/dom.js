/** @module Making elements, and numbers for people. */
export { counted } from "./format.js";

/**
 * An element with attributes and children. Keys that begin with `on` add listeners; `true` sets an empty attribute;
 * `false` and undefined set none.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {any} the element
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false).map(node));
  return element;
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
