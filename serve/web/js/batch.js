/** @module Many images at once, with a table and a CSV. */
import { call, images, info } from "./api.js";
import { h, percent } from "./dom.js";
import { groupsOf } from "./groups.js";
import { deliver, takeFiles } from "./incoming.js";
import { dropZone } from "./source.js";

const COLUMNS = [
  "filename",
  "logit",
  "probability",
  "predicted_class",
  "threshold",
  "error",
  "in_distribution",
  "warnings",
];

/** @returns {Promise<HTMLElement>} */
export async function view() {
  const [{ models, limits }, { images: entries }] = await Promise.all([info(), images()]);
  const model = h(
    "select",
    { id: "batch-model" },
    ...models.map((/** @type {any} */ { name }) => h("option", { value: name }, name)),
  );
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Progress" });
  const status = h("p", { class: "hint", role: "status" });
  const body = h("tbody", {});
  const download = h(
    "button",
    { type: "button", class: "primary", disabled: true, onclick: () => save(rows) },
    "Download CSV",
  );
  const table = h(
    "div",
    { class: "scroll tall", tabindex: 0, role: "region", "aria-label": "Results" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ...["Image", "Class", "Probability", "Logit"].map((name, i) =>
            h("th", { scope: "col", class: i > 1 ? "number" : "" }, name),
          ),
        ),
      ),
      body,
    ),
  );
  const answers = h(
    "section",
    { class: "card", "aria-label": "Answers", hidden: true },
    h("div", { class: "row spread above" }, status, download),
    bar,
    table,
  );
  /** @type {any[]} */
  let rows = [];
  let serial = 0;

  /** @param {{name: string}[]} items @param {(chunk: any[]) => RequestInit} request */
  async function run(items, request) {
    const mine = ++serial;
    rows = [];
    body.replaceChildren();
    answers.hidden = bar.hidden = false;
    download.disabled = true;
    const started = performance.now();
    for (const { items: chunk, problem } of groupsOf(items, limits)) {
      let results;
      try {
        if (problem) throw new Error(problem);
        const response = await call(`predict/batch?model=${encodeURIComponent(model.value)}`, {
          method: "POST",
          ...request(chunk),
        });
        ({ results } = await response.json());
      } catch (error) {
        const detail = /** @type {Error} */ (error).message;
        results = chunk.map(({ name }) => ({ image_filename: name, error: { detail } }));
      }
      if (mine !== serial) return;
      rows.push(...results);
      body.append(...results.map(row));
      bar.value = rows.length / items.length;
      status.textContent = `${rows.length} of ${items.length} images`;
    }
    bar.hidden = true;
    download.disabled = rows.length === 0;
    status.textContent = summary(rows, (performance.now() - started) / 1000);
  }

  const files = (/** @type {File[]} */ list) =>
    run(list, (chunk) => {
      const form = new FormData();
      for (const file of chunk) form.append("image", file, file.name);
      return { body: form };
    });
  takeFiles("/batch", files);
  const named = (/** @type {any[]} */ list) =>
    run(list, (chunk) => ({
      body: JSON.stringify({ image_filenames: chunk.map(({ name }) => name) }),
      headers: { "content-type": "application/json" },
    }));
  const parts = [...new Set(entries.map((entry) => entry.partition).filter(Boolean))];
  const groups =
    parts.length > 0
      ? parts.map((part) => [`All ${part} images`, entries.filter((entry) => entry.partition === part)])
      : [["All images of the server", entries]];

  return h(
    "div",
    {},
    h(
      "div",
      { class: "intro" },
      h("h1", {}, "Many images at once"),
      h("p", {}, "Drop a folder's worth of files, or take the server's own, and keep the answers as a table."),
    ),
    h(
      "section",
      { class: "card", "aria-label": "Images" },
      h("div", { class: "fields" }, h("div", {}, h("label", { for: "batch-model" }, "Model"), model)),
      dropZone({
        id: "batch-files",
        label: "Choose files or drop them here",
        hint: "Any number; they are sent in groups.",
        take: deliver,
      }),
      entries.length > 0 &&
        h(
          "div",
          { class: "row spaced" },
          ...groups.map(([label, list]) =>
            h(
              "button",
              { type: "button", onclick: () => named(/** @type {any[]} */ (list)) },
              `${label} (${list.length})`,
            ),
          ),
        ),
    ),
    answers,
  );
}

/** @param {any} result */
function row(result) {
  if (result.error) {
    return h(
      "tr",
      {},
      h("td", {}, result.image_filename ?? "–"),
      h("td", { colspan: 3 }, h("span", { class: "badge bad" }, result.error.detail)),
    );
  }
  return h(
    "tr",
    {},
    h("td", {}, result.image_filename ?? "–"),
    h("td", {}, result.predicted_class),
    h("td", { class: "number" }, percent(result.probability)),
    h("td", { class: "number" }, result.logit.toFixed(4)),
  );
}

/** @param {any[]} rows @param {number} seconds */
function summary(rows, seconds) {
  const counts = new Map();
  for (const { predicted_class: name, error } of rows)
    counts.set(error ? "not answered" : name, (counts.get(error ? "not answered" : name) ?? 0) + 1);
  const parts = [...counts].sort().map(([name, n]) => `${n} ${name}`);
  return `${rows.length} images in ${seconds.toFixed(1)} s: ${parts.join(", ")}`;
}

/** The columns of `histo predict`, and the error of images that could not be read. @param {any[]} rows */
function save(rows) {
  const field = (/** @type {any} */ value) => {
    // What a spreadsheet would take for a formula is shown as text.
    const text = typeof value === "string" ? value.replace(/^[=+\-@\t\r]/, "'$&") : String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = rows.map((result) =>
    [
      result.image_filename,
      result.logit,
      result.probability,
      result.predicted_class,
      result.threshold,
      result.error?.detail,
      result.in_distribution,
      result.warnings?.join(" "),
    ]
      .map(field)
      .join(","),
  );
  const blob = new Blob([`${[COLUMNS.join(","), ...lines].join("\n")}\n`], { type: "text/csv" });
  const link = h("a", { href: URL.createObjectURL(blob), download: "predictions.csv" });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
