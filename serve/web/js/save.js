/** @module Files that the page writes: CSV, JSON, pictures. */
import { h } from "./dom.js";

/** Offers a file as a download. @param {Blob} blob @param {string} name */
export function saveAs(blob, name) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
