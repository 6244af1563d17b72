/** @module Lambda against EC2: figures that were measured and are kept beside the page. */
import { getJson } from "./api.js";
import { figure } from "./charts.js";
import { h, intro } from "./dom.js";

/** @returns {Promise<HTMLElement>} */
export async function view() {
  const { title = "Lambda or EC2", summary, figures = [], tables = [] } = await getJson("data/lambda-vs-ec2.json");
  return h(
    "div",
    intro(title, ...(summary ? [summary] : [])),
    ...figures.map((/** @type {any} */ { title: name, caption, data, layout }) =>
      figure(
        name ?? "",
        (colours) => ({ data: inColoursOfPage(data, colours), layout: inColoursOfPage(layout, colours) }),
        { caption },
      ),
    ),
    ...tables.map(tableCard),
  );
}

/**
 * The colours of printed figures, as this page has them: the printed ones are too dark for dark pages.
 * @template T
 * @param {T} part @param {import("./charts.js").Palette} colours
 * @returns {T}
 */
function inColoursOfPage(part, { negative, positive, accent }) {
  const own = new Map([
    ["#4477AA", negative],
    ["#EE6677", positive],
    ["#AA3377", accent],
  ]);
  return JSON.parse(JSON.stringify(part), (_key, value) => own.get(value) ?? value);
}

/** Tables with more columns than these are too wide for a phone, where each row becomes a block. */
const MOST_COLUMNS = 4;

/** @param {{title: string, columns: string[], rows: (string | number)[][]}} table */
function tableCard({ title, columns, rows }) {
  const isWide = columns.length > MOST_COLUMNS;
  // Blocks would be no table to a screen reader, unless it is told so.
  const role = (/** @type {string} */ name) => (isWide ? { role: name } : {});
  const kinds = columns.map((_, i) => (rows.every((row) => Number.isFinite(Number(row[i]))) ? "number" : ""));
  const text = (/** @type {string | number} */ cell) => (typeof cell === "number" ? cell.toLocaleString("en") : cell);
  const row = (/** @type {Node[]} */ cells) => h("tr", role("row"), ...cells);
  const heads = columns.map((name, i) => h("th", { scope: "col", class: kinds[i], ...role("columnheader") }, name));
  const cellOf = (/** @type {string | number} */ cell, /** @type {number} */ i) =>
    h("td", { class: kinds[i], "data-column": i > 0 && columns[i], ...role("cell") }, text(cell));
  const body = h("tbody", role("rowgroup"), ...rows.map((cells) => row(cells.map(cellOf))));
  const table = h(isWide ? "table.blocks" : "table", role("table"), h("thead", role("rowgroup"), row(heads)), body);
  const scrolls = { tabindex: 0, role: "region", "aria-label": title };
  return h("section.card", h("h3", title), h("div.scroll", scrolls, table));
}
