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

/** @param {readonly string[]} columns @param {readonly (readonly any[])[]} rows @param {string} name */
export function saveCsv(columns, rows, name) {
  const field = (/** @type {any} */ value) => {
    // What a spreadsheet would take for a formula is shown as text.
    const text = typeof value === "string" ? value.replace(/^[=+\-@\t\r]/, "'$&") : String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns, ...rows].map((row) => row.map(field).join(","));
  saveAs(new Blob([`${lines.join("\n")}\n`], { type: "text/csv" }), name);
}
