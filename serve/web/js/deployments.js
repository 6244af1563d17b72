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
    h(
      "div",
      { class: "grid" },
      ...figures.map((/** @type {any} */ { title: name, caption, data, layout }) =>
        figure(name ?? layout?.title?.text ?? "", () => ({ data, layout: { ...layout, title: undefined } }), {
          caption,
        }),
      ),
      ...tables.map(tableCard),
    ),
  );
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
