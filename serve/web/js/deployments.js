/** @module Lambda against EC2: figures that were measured and are kept beside the page. */
import { figure } from "./charts.js";
import { h } from "./dom.js";

/** @returns {Promise<HTMLElement>} */
export async function view() {
  const response = await fetch("data/lambda-vs-ec2.json");
  if (!response.ok) throw new Error("There are no figures of the two deployments on this server.");
  const { title = "Lambda or EC2", summary, figures = [], tables = [] } = await response.json();
  return h(
    "div",
    {},
    h("div", { class: "intro" }, h("h1", {}, title), summary && h("p", {}, summary)),
    ...figures.map((/** @type {any} */ { title: name, caption, data, layout }) =>
      figure(
        name ?? "",
        (colours) => ({ data: inColoursOfPage(data, colours), layout: inColoursOfPage(ownLayout(layout), colours) }),
        { caption },
      ),
    ),
    ...tables.map(tableCard),
  );
}

/** What a figure says of itself, without what belongs to the place it was made for: sizes, colours, its title. */
function ownLayout(/** @type {any} */ layout) {
  const {
    width: _width,
    height: _height,
    template: _template,
    title: _title,
    margin: _margin,
    legend: _legend,
    ...own
  } = layout;
  // Labels are turned by what room there is.
  return { ...own, ...(own.xaxis && { xaxis: { ...own.xaxis, tickangle: undefined } }) };
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
  return h(
    "section",
    { class: "card" },
    h("h3", {}, title),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": title },
      h(
        "table",
        { class: isWide ? "blocks" : "", ...role("table") },
        h(
          "thead",
          role("rowgroup"),
          h(
            "tr",
            role("row"),
            ...columns.map((name, i) => h("th", { scope: "col", class: kinds[i], ...role("columnheader") }, name)),
          ),
        ),
        h(
          "tbody",
          role("rowgroup"),
          ...rows.map((row) =>
            h(
              "tr",
              role("row"),
              ...row.map((cell, i) =>
                h("td", { class: kinds[i], "data-column": i > 0 && columns[i], ...role("cell") }, text(cell)),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}
