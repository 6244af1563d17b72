/** @module Many images at once: a table, measures where labels are known, and a CSV. */
import { modelSelect } from "./analyse.js";
import { call, images, info } from "./api.js";
import { batchTable } from "./batch-table.js";
import { parseCsv, saveCsv } from "./csv.js";
import { counted, h, percent } from "./dom.js";
import { groupsOf } from "./groups.js";
import { deliver, takeFiles } from "./incoming.js";
import { labelsOf, measure } from "./measures.js";
import { thresholdField } from "./result.js";
import { dropZone } from "./source.js";
import { classAt, thresholdOf } from "./thresholds.js";

/** @typedef {import("./batch-table.js").Row} Row */

const COLUMNS = [
  "filename",
  "logit",
  "probability",
  "predicted_class",
  "threshold",
  "error",
  "in_distribution",
  "warnings",
  "trained_on_drawn_tiles",
  "label",
];

/** How often a group is sent again to a server that is busy. */
const MOST_TRIES = 4;

/** {@link call}, again after a while where the server has too much to do. @param {string} path @param {RequestInit} options */
async function callWhenFree(path, options) {
  for (let tries = 1; ; tries++) {
    try {
      return await call(path, options);
    } catch (error) {
      const { status } = /** @type {import("./api.js").ApiProblem} */ (error);
      if (tries === MOST_TRIES || (status !== 429 && status !== 503)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1500 * tries));
    }
  }
}

/** @returns {Promise<HTMLElement>} */
export async function view() {
  const [{ models, limits }, { images: entries }] = await Promise.all([info(), images()]);
  const select = modelSelect("batch-model", models, () => again());
  const chosen = () => models.find((/** @type {any} */ { name }) => name === select.value) ?? models[0];
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Progress" });
  const status = h("p", { class: "hint", role: "status" });
  const measures = h("p", { class: "hint", role: "status" });
  const download = h(
    "button",
    { type: "button", class: "primary", disabled: true, onclick: () => save() },
    "Download CSV",
  );
  const table = batchTable(chosen);
  const labels = h("input", {
    id: "labels",
    type: "file",
    accept: ".csv,.tsv,text/csv",
    onchange: () => readLabels(labels.files[0]),
  });
  const threshold = h("div", {});
  const answers = h(
    "section",
    { class: "card stack", "aria-label": "Answers", hidden: true },
    h("div", { class: "row spread above" }, status, download),
    bar,
    threshold,
    h("div", {}, h("label", { for: "labels" }, "Compare with labels, from a CSV of image and class "), labels),
    measures,
    table.element,
  );
  /** @type {Row[]} */
  let rows = [];
  let serial = 0;
  /** Does the same batch with another model. */
  let again = () => {};

  /** @param {Omit<Row, "result">[]} items @param {(chunk: any[]) => RequestInit} request */
  async function run(items, request) {
    again = () => void run(items, request);
    const mine = ++serial;
    const { name } = chosen();
    const slider = thresholdField(chosen(), "batch");
    threshold.replaceChildren(slider);
    rows = [];
    answers.hidden = bar.hidden = false;
    download.disabled = true;
    const started = performance.now();
    const sized = items.map((item) => ({ ...item, size: item.file?.size ?? 0 }));
    for (const { items: chunk, problem } of groupsOf(sized, limits)) {
      let results;
      try {
        if (problem) throw new Error(problem);
        const path = `predict/batch?model=${encodeURIComponent(name)}`;
        ({ results } = await (await callWhenFree(path, { method: "POST", ...request(chunk) })).json());
      } catch (error) {
        results = chunk.map(() => ({ error: { detail: /** @type {Error} */ (error).message } }));
      }
      if (mine !== serial) return;
      rows.push(...chunk.map(({ size: _, ...item }, i) => ({ ...item, result: results[i] })));
      table.show(rows);
      bar.value = rows.length / items.length;
      status.textContent = `${rows.length} of ${counted(items.length, "image")}`;
    }
    bar.hidden = true;
    download.disabled = rows.length === 0;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const told = `${counted(rows.length, "image")} in ${seconds} s`;
    follow = () => {
      slider.follow();
      status.textContent = `${told}: ${counts()}`;
      measures.textContent = agreement();
      table.show(rows);
    };
    follow();
  }
  /** What follows the threshold. */
  let follow = () => {};
  addEventListener("thresholdchange", () => follow());

  function counts() {
    const names = rows.map(({ result }) => (result.error ? "not answered" : classAt(chosen(), result.probability)));
    const all = [...new Set(names)].sort();
    return all.map((name) => `${names.filter((one) => one === name).length} ${name}`).join(", ");
  }

  /** How well the answers agree with the labels, in words. */
  function agreement() {
    const [, positive] = chosen().classes;
    const judged = rows
      .filter(({ label, result }) => label !== undefined && !result.error)
      .map(({ label, result }) => ({ probability: result.probability, positive: label === positive }));
    if (judged.length === 0) return "";
    const { n, accuracy, sensitivity, specificity, rocAuc } = measure(judged, thresholdOf(chosen()));
    const told = (/** @type {number} */ share) => (Number.isNaN(share) ? "unknown" : percent(share));
    const auc = Number.isNaN(rocAuc) ? "unknown" : rocAuc.toFixed(3);
    return `On ${counted(n, "labelled image")}: accuracy ${told(accuracy)}, sensitivity ${told(sensitivity)}, specificity ${told(specificity)}, ROC AUC ${auc}.`;
  }

  /** @param {File | undefined} file */
  async function readLabels(file) {
    if (!file) return;
    try {
      const names = rows.map(({ name }) => name);
      const found = labelsOf(parseCsv(await file.text()), names, chosen().classes);
      rows = rows.map((row) => ({ ...row, label: found.get(row.name) }));
      follow();
    } catch (error) {
      measures.textContent = /** @type {Error} */ (error).message;
    }
  }

  function save() {
    const lines = rows.map(({ name, label, result }) => [
      name,
      result.logit,
      result.probability,
      result.error ? undefined : classAt(chosen(), result.probability),
      result.error ? undefined : thresholdOf(chosen()),
      result.error?.detail,
      result.in_distribution,
      result.warnings?.join(" "),
      result.trained_on_drawn_tiles,
      label,
    ]);
    saveCsv(COLUMNS, lines, "predictions.csv");
  }

  const files = (/** @type {File[]} */ list) =>
    run(
      list.map((file) => ({ name: file.name, file })),
      (chunk) => {
        const form = new FormData();
        for (const { file } of chunk) form.append("image", file, file.name);
        return { body: form };
      },
    );
  const named = (/** @type {any[]} */ list) =>
    run(
      list.map((entry) => ({ name: entry.name, entry, label: entry.class })),
      (chunk) => ({
        body: JSON.stringify({ image_filenames: chunk.map(({ name }) => name) }),
        headers: { "content-type": "application/json" },
      }),
    );
  takeFiles("/batch", files);
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
      h(
        "p",
        {},
        `Drop any number of files${entries.length > 0 ? ", or use the server's images," : ""} and save the predictions as a table.`,
      ),
    ),
    h(
      "section",
      { class: "card", "aria-label": "Images" },
      h("div", { class: "fields" }, h("div", {}, h("label", { for: "batch-model" }, "Model"), select)),
      dropZone({
        id: "batch-files",
        label: "Choose files, or drop or paste them anywhere",
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
