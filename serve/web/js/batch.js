/** @module Many images at once: a table, measures where labels are known, and a CSV. */
import { modelSelect } from "./analyse.js";
import { images, info } from "./api.js";
import { answersOf, isAtHand, isPassing } from "./batch-requests.js";
import { batchTable } from "./batch-table.js";
import { parseCsv, saveCsv } from "./csv.js";
import { counted, field, h, intro, percent } from "./dom.js";
import { leftOutText, nameOf } from "./folders.js";
import { groupsOf } from "./groups.js";
import { deliver, takeFiles } from "./incoming.js";
import { forgetBatch, keepBatch, keepChanges, keptBatch } from "./kept-batch.js";
import { labelsOf, measure } from "./measures.js";
import { thresholdField } from "./result.js";
import { dropZone } from "./source.js";
import { classAt, thresholdOf } from "./thresholds.js";

/** @typedef {import("./kept-batch.js").Row} Row */

/** Why an image of a batch that was kept is not sent. */
const NOT_AT_HAND = "This page was left before it was answered, and keeps no files: choose it again.";

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

/** Why a batch does not go on when a model was replaced on the server. */
const REPLACED =
  "The server has replaced this model by another version: load this page again, then begin the batch anew.";

/** @returns {Promise<HTMLElement>} */
export async function view() {
  const [{ models, limits, warnings }, { images: entries }] = await Promise.all([info(), images()]);
  const select = modelSelect("batch-model", models, () => rows.length > 0 && again());
  const chosen = () => models.find((/** @type {any} */ { name }) => name === select.value) ?? models[0];
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Progress" });
  const status = h("p.hint", { role: "status" });
  const note = h("p.notice.warning", { role: "status", hidden: true });
  const tell = (/** @type {string} */ text) => {
    note.textContent = text;
    note.hidden = text === "";
  };
  const measures = h("p.hint", { role: "status" });
  const stop = h("button", { hidden: true, onclick: () => finish("You stopped the batch.") }, "Stop");
  const missing = h("button", { hidden: true, onclick: () => proceed() }, "");
  const download = h("button.primary", { disabled: true, onclick: () => save() }, "Download CSV");
  const clear = h("button.quiet", { onclick: () => forget() }, "Clear");
  const table = batchTable(chosen, warnings ?? {});
  const labels = h("input", {
    id: "labels",
    type: "file",
    accept: ".csv,.tsv,text/csv",
    // The same file, mended, is taken again.
    onclick: () => {
      labels.value = "";
    },
    onchange: () => readLabels(labels.files[0]),
  });
  const threshold = h("div");
  const answers = h(
    "section.card.stack",
    { "aria-label": "Answers", hidden: true },
    h("div.row.spread.above", status, h("div.row", stop, missing, download)),
    bar,
    note,
    threshold,
    h("div", h("label", { for: "labels" }, "Compare with labels, from a CSV of image and class "), labels),
    measures,
    table.element,
    h("div.row.spread.spaced", h("p.hint", "The last batch is kept in this browser only, without its images."), clear),
  );
  /** Every image of the batch; those without a result are yet to be sent. @type {Row[]} */
  let rows = [];
  /** The batch among those that the browser keeps, and when it began. */
  let [id, at] = ["", ""];
  let serial = 0;
  /** Ends the requests of a batch that was stopped, or is done anew. */
  let working = new AbortController();
  /** Where the labels are from, when a table was given. */
  let labelledBy = "";
  /** When the work began that is under way, and how many milliseconds the work before it took. */
  let [started, before] = [0, 0];

  /**
   * @param {{name: string, file?: File, entry?: any, label?: string}[]} items files, or images of the server
   * @param {readonly string[]} [leftOut] names of files that are no images, and of folders that cannot be read
   */
  function begin(items, leftOut = []) {
    letGo();
    rows = items.map((item) => ({ ...item, size: item.file?.size ?? 0, result: undefined }));
    tell([items.length === 0 && "There is no image in this folder.", leftOutText(leftOut)].filter(Boolean).join(" "));
    labels.value = labelledBy = "";
    again();
  }

  /** Does the same batch from its beginning, as with another model. */
  function again() {
    for (const row of rows) row.result = isAtHand(row) ? undefined : { error: { detail: NOT_AT_HAND } };
    [started, before] = [performance.now(), 0];
    at = new Date().toISOString();
    id = `${at} ${Math.random()}`;
    keepBatch(about(), rows);
    proceed();
  }

  function letGo() {
    for (const { url } of rows) if (url) URL.revokeObjectURL(url);
    rows = [];
  }

  function forget() {
    if (!confirm(`Delete this batch of ${counted(rows.length, "image")} from this browser?`)) return;
    letGo();
    forgetBatch();
    answers.hidden = true;
    select.focus();
  }

  /** What is kept of the batch beside its images. */
  function about() {
    const { name: model, sha256 } = chosen();
    const milliseconds = before + (bar.hidden ? 0 : performance.now() - started);
    return { id, model, sha256, at, milliseconds, labelledBy };
  }

  /** Shows the batch of before the page was loaded, if the model that answered is loaded still. */
  async function restore() {
    const kept = await keptBatch();
    const model = models.find(
      (/** @type {any} */ { name, sha256 }) => name === kept?.about.model && sha256 === kept?.about.sha256,
    );
    // Another batch may have been begun meanwhile.
    if (!kept || !model || !answers.hidden || kept.rows.length === 0) return;
    select.value = model.name;
    rows = kept.rows;
    ({ id, at, labelledBy, milliseconds: before } = kept.about);
    for (const row of rows) {
      if (isAtHand(row) || !(row.result === undefined || isPassing(row.result))) continue;
      row.result = { error: { detail: NOT_AT_HAND } };
    }
    threshold.replaceChildren(thresholdField(chosen(), "batch"));
    answers.hidden = false;
    started = performance.now();
    finish(`This batch is of ${new Date(at).toLocaleString()}.`);
  }

  /** Sends what has no answer yet, group by group, until all have one, the server is gone or the batch is stopped. */
  async function proceed() {
    const mine = ++serial;
    working.abort();
    working = new AbortController();
    const { signal } = working;
    const { name } = chosen();
    const todo = rows.filter(({ result }) => result === undefined || isPassing(result));
    for (const row of todo) row.result = undefined;
    if (todo.length < rows.length) tell("");
    // What was told of answers that are asked for anew.
    measures.textContent = "";
    tellDone();
    threshold.replaceChildren(thresholdField(chosen(), "batch"));
    answers.hidden = false;
    bar.hidden = stop.hidden = rows.length === 0;
    clear.hidden = true;
    // The button that was pressed is about to go.
    if (document.activeElement === missing) stop.focus();
    missing.hidden = download.disabled = true;
    started = performance.now();
    for (const { items: group, problem } of groupsOf(todo, limits)) {
      const results = problem
        ? group.map(() => ({ error: { detail: problem } }))
        : await answersOf(group, name, signal, tellBusy);
      if (mine !== serial) return;
      // Answers of two versions do not belong in one table, nor those of one under the threshold of the other.
      if (results.some(isOfAnother)) return finish(REPLACED);
      group.forEach((row, i) => {
        row.result = results[i];
      });
      tellDone();
      keepChanges(about(), rows, group);
      // Where no group can be answered, the others are not sent in vain.
      const refused = results.find(({ error }) => error?.status === 0 || error?.status === 401);
      if (refused) {
        for (const row of group) if (isPassing(row.result)) row.result = undefined;
        return finish(refused.error.detail);
      }
    }
    finish();
  }

  /** True for an answer of another version of the model than this page describes. @param {any} result */
  function isOfAnother({ error, model_sha256, threshold }) {
    const model = chosen();
    return !error && (model_sha256 !== model.sha256 || threshold !== model.threshold);
  }

  /** @param {number} seconds */
  function tellBusy(seconds) {
    if (!bar.hidden) status.textContent = `The server is busy: going on in ${Math.ceil(seconds)} s.`;
  }

  function tellDone() {
    const done = rows.filter(({ result }) => result !== undefined);
    table.show(done);
    bar.value = done.length / Math.max(1, rows.length);
    status.textContent = rows.length > 0 ? `${done.length} of ${counted(rows.length, "image")}` : "";
  }

  /** @param {string} [problem] why the rest is not sent */
  function finish(problem) {
    serial++;
    working.abort();
    for (const row of rows) row.result ??= { error: { status: 0, detail: "Not sent." } };
    if (problem) tell(problem);
    before += performance.now() - started;
    const isStopFocused = document.activeElement === stop;
    bar.hidden = stop.hidden = true;
    clear.hidden = false;
    download.disabled = rows.length === 0;
    const unanswered = rows.filter(({ result }) => isPassing(result)).length;
    missing.hidden = unanswered === 0;
    missing.textContent = `Send the missing ${counted(unanswered, "image")}`;
    if (isStopFocused) (unanswered > 0 ? missing : download).focus();
    follow();
  }

  /** What the threshold decides. */
  function follow() {
    if (rows.length === 0 || !bar.hidden) return;
    status.textContent = `${counted(rows.length, "image")} in ${(before / 1000).toFixed(1)} s: ${counts()}`;
    measures.className = "hint";
    measures.textContent = agreement();
    table.show(rows);
  }
  addEventListener("thresholdchange", () => {
    threshold.firstElementChild?.follow();
    follow();
  });

  function counts() {
    const names = rows.map(({ result }) => (result.error ? "not answered" : classAt(chosen(), result.probability)));
    const all = [...new Set(names)].sort();
    return all.map((name) => `${names.filter((one) => one === name).length} ${name}`).join(", ");
  }

  /** How well the answers agree with the labels, in words. */
  function agreement() {
    const { classes } = chosen();
    const [, positive] = classes;
    const judged = rows
      .filter(({ label, result }) => classes.includes(label) && !result.error)
      .map(({ label, result }) => ({ probability: result.probability, positive: label === positive }));
    if (judged.length === 0) return "";
    const { n, accuracy, sensitivity, specificity, rocAuc } = measure(judged, thresholdOf(chosen()));
    const told = (/** @type {number} */ share) => (Number.isNaN(share) ? "unknown" : percent(share));
    const auc = Number.isNaN(rocAuc) ? "unknown" : rocAuc.toFixed(3);
    return `On ${counted(n, "labelled image")}: accuracy ${told(accuracy)}, sensitivity ${told(sensitivity)}, specificity ${told(specificity)}, ROC AUC ${auc}.${labelledBy}`;
  }

  /** @param {File | undefined} file */
  async function readLabels(file) {
    if (!file) return;
    try {
      const names = rows.map(({ name }) => name);
      const found = labelsOf(parseCsv(await file.text()), names, chosen().classes);
      for (const row of rows) row.label = found.labels.get(row.name);
      labelledBy = ` Labels are those of the column “${found.column}”.`;
      keepChanges(about(), rows, rows);
      follow();
    } catch (error) {
      measures.className = "notice error";
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

  const files = (/** @type {File[]} */ list, /** @type {readonly string[]} */ leftOut) =>
    begin(
      list.map((file) => ({ name: nameOf(file), file })),
      leftOut,
    );
  const named = (/** @type {any[]} */ list) =>
    begin(list.map((entry) => ({ name: entry.name, entry, label: entry.class })));
  takeFiles("/batch", files);
  restore();
  const parts = [...new Set(entries.map((entry) => entry.partition).filter(Boolean))];
  const groups =
    parts.length > 0
      ? parts.map((part) => [`All ${part} images`, entries.filter((entry) => entry.partition === part)])
      : [["All images of the server", entries]];

  return h(
    "div",
    intro(
      "Many images at once",
      `Drop any number of files, or a folder${entries.length > 0 ? ", or use the server's images," : ""} and save the predictions as a table.`,
    ),
    h(
      "section.card",
      { "aria-label": "Images" },
      h("div.fields", field("Model", select)),
      dropZone({
        id: "batch-files",
        label: "Choose files, or drop or paste them anywhere",
        hint: "Any number, or a folder; they are sent in groups to this server, which does not store them.",
        take: deliver,
        folders: true,
      }),
      entries.length > 0 &&
        h(
          "div.row.spaced",
          ...groups.map(([label, list]) =>
            h("button", { onclick: () => named(/** @type {any[]} */ (list)) }, `${label} (${list.length})`),
          ),
        ),
    ),
    answers,
  );
}
