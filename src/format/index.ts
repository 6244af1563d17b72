/** @module Values as text: for people, as HTML, as commands of a shell. */
export { bracket, columns, escapeHtml, paragraph, table } from "./html";
export { flagsOf, inQuotes, shellText } from "./shell";
export * from "./text";
