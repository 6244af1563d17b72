/** @module The first page: an image, a model, an answer. */
import { call, images, info } from "./api.js";
import { h, milliseconds, percent } from "./dom.js";
import { drawHeatmap } from "./heatmap.js";
import { resultPanel } from "./result.js";
import { sourcePanel } from "./source.js";

/** @returns {Promise<HTMLElement>} */
export async function view() {
  const { models, endpoint } = await info();
  /** @type {import("./source.js").Chosen | undefined} */
  let chosen;
  const result = h("div", { class: "result", "aria-live": "polite" });
  const recent = recentAnswers();
  const picture = h("img", { alt: "", hidden: true });
  const overlay = h("canvas", { width: 512, height: 512, "aria-hidden": "true", hidden: true });
  const empty = h("p", { class: "hint" }, "No image chosen yet.");
  const caption = h("figcaption", {});
  const analyse = h(
    "button",
    { type: "button", class: "primary large", disabled: true, onclick: () => run() },
    "Analyse",
  );
  const explain = h("button", { type: "button", hidden: true, onclick: () => look() }, "What did the model look at?");
  const legend = h(
    "p",
    { class: "legend", hidden: true },
    h("span", { class: "swatch negative" }),
    "speaks against ",
    h("span", { class: "swatch positive" }),
    "speaks for ",
    h("b", {}, models[0]?.classes[1] ?? "the positive class"),
  );
  const model = h(
    "select",
    { id: "model", onchange: () => legend.querySelector("b")?.replaceChildren(chosenModel().classes[1]) },
    ...models.map((/** @type {any} */ { name, variant }) =>
      h("option", { value: name }, variant ? `${name} (${variant})` : name),
    ),
  );
  const where = h(
    "select",
    { id: "where" },
    h("option", { value: "" }, "This server"),
    endpoint && h("option", { value: endpoint.replace(/\/$/, "") }, `Lambda endpoint (${new URL(endpoint).host})`),
  );
  const chosenModel = () => models.find((/** @type {any} */ { name }) => name === model.value) ?? models[0];

  const choose = (/** @type {import("./source.js").Chosen} */ image) => {
    chosen = image;
    picture.src = image.url;
    picture.alt = `The chosen image, ${image.name}`;
    picture.hidden = false;
    empty.hidden = overlay.hidden = legend.hidden = explain.hidden = true;
    picture.hidden = false;
    caption.textContent = image.name;
    analyse.disabled = false;
    result.replaceChildren();
  };

  async function run() {
    if (!chosen) return;
    analyse.disabled = true;
    analyse.textContent = "Analysing…";
    const image = chosen;
    try {
      const started = performance.now();
      const response = await call(
        `/predict?model=${encodeURIComponent(model.value)}`,
        await requestOf(image, where.value),
      );
      const answer = await response.json();
      const roundTripMs = performance.now() - started;
      if (image !== chosen) return;
      result.replaceChildren(
        resultPanel({
          answer,
          model: chosenModel(),
          entry: image.entry,
          roundTripMs,
          timing: response.headers.get("server-timing"),
        }),
      );
      explain.hidden = false;
      recent.add(image, answer, roundTripMs, where.selectedOptions[0]?.textContent ?? "");
    } catch (error) {
      result.replaceChildren(h("p", { class: "notice error" }, /** @type {Error} */ (error).message));
    } finally {
      analyse.disabled = false;
      analyse.textContent = "Analyse";
    }
  }

  async function look() {
    if (!chosen) return;
    explain.disabled = true;
    explain.textContent = "Covering one part after the other…";
    try {
      const path = `/explain?grid=14&model=${encodeURIComponent(model.value)}`;
      const explanation = await (await call(path, await requestOf(chosen, where.value))).json();
      drawHeatmap(overlay, explanation);
      overlay.hidden = legend.hidden = false;
    } catch (error) {
      result.append(h("p", { class: "notice error" }, /** @type {Error} */ (error).message));
    } finally {
      explain.disabled = false;
      explain.textContent = "What did the model look at?";
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
  form.append("image", image.blob ?? (await (await fetch(image.url)).blob()), image.name);
  return { method: "POST", body: form, base };
}
