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
      figure(name ?? "", () => ({ data, layout: ownLayout(layout) }), { caption }),
    ),
    h("div", { class: "wide-grid" }, ...tables.map(tableCard)),
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
  return own;
}

/** @param {{title: string, columns: string[], rows: (string | number)[][]}} table */
function tableCard({ title, columns, rows }) {
  return h(
    "section",
    { class: "card" },
    h("h3", {}, title),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": title },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, String(cell)))))),
      ),
    ),
  );
}
