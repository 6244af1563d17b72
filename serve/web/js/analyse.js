/** @module The first page: an image, a model, an answer. */
import { call, imageBlob, images, info } from "./api.js";
import { h, milliseconds, percent } from "./dom.js";
import { drawHeatmap } from "./heatmap.js";
import { resultPanel } from "./result.js";
import { sourcePanel, TIFF } from "./source.js";

/** @returns {Promise<HTMLElement>} */
export async function view() {
  const { models, endpoint, warnings } = await info();
  /** @type {import("./source.js").Chosen | undefined} */
  let chosen;
  const result = h("div", { class: "result", "aria-live": "polite" });
  const recent = recentAnswers();
  const picture = h("img", { alt: "", hidden: true, onerror: () => withoutPreview() });
  const overlay = h("canvas", { width: 512, height: 512, "aria-hidden": "true", hidden: true });
  const empty = h("p", { class: "hint" }, "No image chosen yet.");
  const caption = h("figcaption", {});
  const analyse = action("Analyse", "Analysing…", { class: "primary large", disabled: true, onclick: () => run() });
  const explain = action("What did the model look at?", "Covering one part after the other…", {
    hidden: true,
    onclick: () => look(),
  });
  const legend = h(
    "p",
    { class: "legend", hidden: true },
    h("span", { class: "swatch negative" }),
    "speaks against ",
    h("span", { class: "swatch positive" }),
    "speaks for ",
    h("b", {}),
  );
  const model = h(
    "select",
    { id: "model", onchange: () => reset() },
    ...models.map((/** @type {any} */ { name, variant }) =>
      h("option", { value: name }, variant ? `${name} (${variant})` : name),
    ),
  );
  const where = h(
    "select",
    { id: "where", onchange: () => reset() },
    h("option", { value: "" }, "This server"),
    endpoint && h("option", { value: endpoint.replace(/\/$/, "") }, `Lambda endpoint (${new URL(endpoint).host})`),
  );
  const chosenModel = () => models.find((/** @type {any} */ { name }) => name === model.value) ?? models[0];

  // Counts the changes of image, model and place: an answer counts only while what was asked about is still chosen.
  let turn = 0;
  const reset = () => {
    turn++;
    overlay.hidden = legend.hidden = explain.hidden = true;
    empty.hidden = !picture.hidden;
    result.replaceChildren();
    setBusy(analyse, false);
    setBusy(explain, false);
    analyse.disabled = !chosen;
  };

  const choose = (/** @type {import("./source.js").Chosen} */ image) => {
    chosen = image;
    reset();
    picture.src = image.url;
    picture.alt = `The chosen image, ${image.name}`;
    picture.hidden = false;
    empty.hidden = true;
    caption.textContent = image.name;
  };

  const withoutPreview = () => {
    picture.hidden = true;
    empty.hidden = false;
    const kind = TIFF.test(chosen?.name ?? "") ? "TIFF files" : "this file";
    empty.textContent = `This browser cannot show ${kind}. The model can still be asked.`;
  };

  async function run() {
    if (!chosen) return;
    setBusy(analyse, true);
    const image = chosen;
    const mine = turn;
    try {
      const started = performance.now();
      const response = await call(
        `predict?model=${encodeURIComponent(model.value)}`,
        await requestOf(image, where.value),
      );
      const answer = await response.json();
      const roundTripMs = performance.now() - started;
      if (mine !== turn) return;
      result.replaceChildren(
        resultPanel({
          answer,
          warnings,
          model: chosenModel(),
          entry: image.entry,
          roundTripMs,
          timing: response.headers.get("server-timing"),
        }),
      );
      explain.hidden = false;
      recent.add(image, answer, roundTripMs, where.selectedOptions[0]?.textContent ?? "");
    } catch (error) {
      if (mine === turn)
        result.replaceChildren(h("p", { class: "notice error" }, /** @type {Error} */ (error).message));
    } finally {
      if (mine === turn) setBusy(analyse, false);
    }
  }

  async function look() {
    if (!chosen) return;
    setBusy(explain, true);
    const mine = turn;
    try {
      const path = `explain?grid=14&model=${encodeURIComponent(model.value)}`;
      const explanation = await (await call(path, await requestOf(chosen, where.value))).json();
      if (mine !== turn) return;
      drawHeatmap(overlay, explanation);
      legend.querySelector("b")?.replaceChildren(chosenModel().classes[1]);
      overlay.hidden = legend.hidden = false;
      empty.hidden = true;
    } catch (error) {
      if (mine === turn) result.append(h("p", { class: "notice error" }, /** @type {Error} */ (error).message));
    } finally {
      if (mine === turn) setBusy(explain, false);
    }
  }

  const source = await sourcePanel(choose);
  const left = h("div", { class: "stack" }, source, recent.card);
  const { total } = await images();
  return h(
    "div",
    {},
    h(
      "div",
      { class: "intro" },
      h("h1", {}, "What does the model see in this tile?"),
      h(
        "p",
        {},
        total > 0
          ? "Choose a tile, or bring your own, and let a model tell the classes apart."
          : "Bring a tile and let a model tell the classes apart.",
      ),
    ),
    h(
      "div",
      { class: "columns" },
      left,
      h(
        "section",
        { class: "card", "aria-labelledby": "answer-title" },
        h("h2", { id: "answer-title" }, "Ask the model"),
        h("figure", { class: "picture" }, h("div", { class: "frame" }, empty, picture, overlay), caption),
        legend,
        h(
          "div",
          { class: "fields" },
          h("div", {}, h("label", { for: "model" }, "Model"), model),
          h("div", {}, h("label", { for: "where" }, "Runs on"), where),
        ),
        h("div", { class: "row" }, analyse, explain),
        result,
      ),
    ),
  );
}

/** A button that says what goes on while it is busy. @param {string} idle @param {string} busy @param {object} attributes */
function action(idle, busy, attributes) {
  return h("button", { type: "button", "data-idle": idle, "data-busy": busy, ...attributes }, idle);
}

/** @param {HTMLButtonElement} button @param {boolean} busy */
function setBusy(button, busy) {
  button.disabled = busy;
  button.textContent = (busy ? button.dataset.busy : button.dataset.idle) ?? "";
}

/** A table of the last answers, newest first; hidden while there is none. */
function recentAnswers() {
  const rows = h("tbody", {});
  const card = h(
    "section",
    { class: "card", "aria-labelledby": "recent-title", hidden: true },
    h("h2", { id: "recent-title" }, "Recent answers"),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "group", "aria-label": "Table of recent answers" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ...["Image", "Model", "Answer", "Probability", "Time"].map((name, i) =>
              h("th", { scope: "col", class: i > 2 ? "number" : "" }, name),
            ),
          ),
        ),
        rows,
      ),
    ),
  );
  return {
    card,
    /** @param {{name: string}} image @param {any} answer @param {number} ms @param {string} place */
    add(image, answer, ms, place) {
      card.hidden = false;
      rows.prepend(
        h(
          "tr",
          {},
          h("td", {}, image.name),
          h("td", { title: place }, answer.model),
          h("td", {}, answer.predicted_class),
          h("td", { class: "number" }, percent(answer.probability)),
          h("td", { class: "number" }, milliseconds(ms)),
        ),
      );
      while (rows.children.length > 8) rows.lastChild.remove();
    },
  };
}

/**
 * By name where this server has the image; otherwise the image itself goes along.
 * @param {import("./source.js").Chosen} image @param {string} base
 */
async function requestOf(image, base) {
  if (image.entry && !base) {
    const body = JSON.stringify({ image_filename: image.name });
    return { method: "POST", body, headers: { "content-type": "application/json" } };
  }
  const form = new FormData();
  form.append("image", image.blob ?? (await imageBlob(image.name)), image.name);
  return { method: "POST", body: form, base };
}
