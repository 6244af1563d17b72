/** @module The table of a batch: thumbnails, sorting, a filter, and the heat map of an image on click. */
import { isAtHand } from "./batch-requests.js";
import { counted, field, h, percent, sentence } from "./dom.js";
import { analyse } from "./incoming.js";
import { warningWords } from "./result.js";
import { pictureUrl, showThumbnail, TIFF } from "./source.js";
import { classAt } from "./thresholds.js";

/** @typedef {{name: string, file?: File, entry?: any, label?: string, result?: any, url?: string}} Row */

/** Rows that are shown before more is asked for. */
const SHOWN = 100;

/** @type {Record<string, [string, (row: Row) => string | number]>} */
const COLUMNS = {
  name: ["Image", ({ name }) => name],
  class: ["Class", ({ result }) => result.probability ?? 2],
  probability: ["Probability", ({ result }) => result.probability ?? 2],
  logit: ["Logit", ({ result }) => result.logit ?? Number.POSITIVE_INFINITY],
  label: ["Label", ({ label }) => label ?? "~"],
};

/**
 * @param {() => any} model the model that answered @param {Record<string, string>} warnings what the codes of warnings mean
 * @returns {{element: HTMLElement, show: (rows: readonly Row[]) => void}} `show` takes all rows and shows those wanted
 */
export function batchTable(model, warnings) {
  /** @type {readonly Row[]} */
  let rows = [];
  let order = { by: "", descending: false };
  let most = SHOWN;
  const body = h("tbody");
  const heads = Object.entries(COLUMNS).map(([key, [title]]) =>
    h(
      "th",
      { scope: "col", class: { probability: "number", logit: "number spare", label: "spare" }[key] },
      h("button.quiet.sort", { onclick: () => sortBy(key) }, title),
    ),
  );
  const search = h("input", {
    id: "batch-search",
    type: "search",
    placeholder: "Part of the name",
    autocomplete: "off",
    oninput: () => fill(),
  });
  const kind = h("select", { id: "batch-filter", onchange: () => fill() });
  const more = h("button.quiet", { onclick: () => grow() }, "Show more");
  const status = h("p.hint", { role: "status" });
  const meanings = h("div");
  const element = h(
    "div",
    h("div.fields", field("Search", search), field("Show", kind)),
    h(
      "div.scroll.tall",
      { tabindex: 0, role: "region", "aria-label": "Results" },
      h("table", h("thead", h("tr", ...heads)), body),
    ),
    h("div.row.spread", status, more),
    meanings,
  );

  function grow() {
    most += SHOWN;
    fill();
  }

  /** @param {string} key */
  function sortBy(key) {
    order = { by: key, descending: order.by === key && !order.descending };
    heads.forEach((head, i) => {
      const isThis = Object.keys(COLUMNS)[i] === key;
      if (isThis) head.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    fill();
  }

  /** The choices of the filter, of which those without a row are left out. */
  function kinds() {
    const { classes } = model();
    const is = (/** @type {string} */ name) => (/** @type {Row} */ row) => said(row) === name;
    /** @type {[string, (row: Row) => boolean][]} */
    const all = [
      ["All", () => true],
      ...classes.map((/** @type {string} */ name) => [`Answered ${name}`, is(name)]),
      ["Other than the label", isWrong],
      ["With warnings", ({ result }) => (result.warnings ?? []).length > 0],
      ["Not answered", ({ result }) => result.error !== undefined],
    ];
    return all
      .map(([title, fits]) => ({ title, fits, count: rows.filter(fits).length }))
      .filter(({ count }) => count > 0);
  }

  /** @param {Row} row */
  function said({ result }) {
    return result.error ? undefined : classAt(model(), result.probability);
  }

  /** True where the label is one of the model's classes, and the answer another. @param {Row} row */
  function isWrong(row) {
    return model().classes.includes(row.label) && said(row) !== undefined && said(row) !== row.label;
  }

  function fill() {
    const choices = kinds();
    const wanted = choices.find(({ title }) => title === kind.value) ?? choices[0];
    kind.replaceChildren(
      ...choices.map(({ title, count }) =>
        h("option", { value: title, selected: title === wanted?.title }, `${title} (${count})`),
      ),
    );
    const text = search.value.trim().toLowerCase();
    const found = rows.filter((row) => row.name.toLowerCase().includes(text) && (wanted?.fits(row) ?? true));
    const [, value] = COLUMNS[order.by] ?? [];
    if (value) {
      const sign = order.descending ? -1 : 1;
      found.sort((a, b) => sign * (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0));
    }
    body.replaceChildren(...found.slice(0, most).map(line));
    more.hidden = found.length <= most;
    status.textContent = found.length === rows.length ? "" : `${found.length} of ${counted(rows.length, "image")}`;
    const codes = new Set(rows.flatMap(({ result }) => result.warnings ?? []));
    meanings.replaceChildren(
      ...[...codes].map((code) => h("p.hint", h("b", code), `: the image ${warningWords(code, warnings)}.`)),
    );
    const isLabelled = rows.some(({ label }) => label !== undefined);
    for (const cells of element.querySelectorAll("tr")) if (cells.children[4]) cells.children[4].hidden = !isLabelled;
  }

  /** @param {Row} row */
  function line(row) {
    const { name, result, label } = row;
    const picture = h("img", { alt: "", width: 40, height: 40, loading: "lazy" });
    if (row.file && !TIFF.test(name)) {
      row.url ??= URL.createObjectURL(row.file);
      picture.src = row.url;
    } else if (row.entry) showThumbnail(picture, name);
    const isShown = picture.src !== "" || row.entry;
    const open = async () => {
      const url = row.file ? URL.createObjectURL(row.file) : await pictureUrl(name).catch(() => "");
      analyse({ name, url, blob: row.file, entry: row.entry }, model().name);
    };
    const title = h(
      "td",
      result.error || !isAtHand(row)
        ? name
        : h("button.quiet.file", { title: "Show the heat map", onclick: open }, isShown && picture, h("span", name)),
    );
    if (result.error) return h("tr", title, h("td.problem", { colspan: 4 }, sentence(result.error.detail)));
    const warnings = (result.warnings ?? []).join(", ");
    return h(
      "tr",
      title,
      h(
        "td",
        said(row),
        warnings && h("span.hint", ` ${warnings}`),
        // On a phone there is no room for a column of labels.
        isWrong(row) && h("p.hint.instead", `label ${label}`),
      ),
      h("td.number", percent(result.probability)),
      h("td.number.spare", result.logit.toFixed(4)),
      h("td.spare", label ?? "–", isWrong(row) && h("span.badge.bad", "other")),
    );
  }

  return {
    element,
    show(all) {
      rows = all;
      fill();
    },
  };
}
