/** @module Tables as CSV, to write and to read. */
import { saveAs } from "./save.js";

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

/** The rows of a CSV with commas, semicolons or tabs, quoted fields and all. @param {string} text @returns {string[][]} */
export function parseCsv(text) {
  const clean = text.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  const [head = ""] = clean.split("\n", 1);
  const parts = (/** @type {string} */ sign) => head.split(sign).length;
  const comma = [",", ";", "\t"].reduce((best, sign) => (parts(sign) > parts(best) ? sign : best));
  const rows = [[""]];
  let isQuoted = false;
  for (let at = 0; at < clean.length; at++) {
    const [letter, row] = [clean[at], rows[rows.length - 1]];
    const last = row.length - 1;
    if (letter === '"' && isQuoted && clean[at + 1] === '"') {
      row[last] += clean[at++];
    } else if (letter === '"' && (isQuoted || row[last] === "")) isQuoted = !isQuoted;
    else if (isQuoted) row[last] += letter;
    else if (letter === comma) row.push("");
    else if (letter === "\n") rows.push([""]);
    else row[last] += letter;
  }
  return rows.filter((row) => row.some((value) => value !== ""));
}
