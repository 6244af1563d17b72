/** @module The first page: an image, a model or two, an answer at once. */
import { call, imageBlob, images, info, PASSING } from "./api.js";
import { field, h, intro, middleSquare, percent } from "./dom.js";
import { explanationPanel } from "./explanation.js";
import { historyCard } from "./history.js";
import { takeFiles, takeImage } from "./incoming.js";
import { preferenceText } from "./preference.js";
import { resultPanel } from "./result.js";
import { pictureUrl, sourcePanel, TIFF } from "./source.js";
import { linkOf, setThreshold } from "./thresholds.js";

const THUMBNAIL = 80;

/** @typedef {import("./source.js").Chosen} Chosen */

/** @returns {Promise<HTMLElement>} */
export async function view() {
  const [{ models, endpoint, warnings, feedback }, { source: place, total }] = await Promise.all([info(), images()]);
  /** @type {Chosen | undefined} */
  let chosen;
  const answers = h("div.answers", { "aria-live": "polite" });
  const picture = h("img", {
    alt: "",
    hidden: true,
    onload: () => explanation.paint(),
    onerror: () => withoutPreview(),
  });
  const empty = h("p.hint", "No image chosen yet.");
  const caption = h("figcaption");
  const model = modelSelect("model", models, () => ask());
  const preference = preferenceText(models);
  const second = modelSelect("second", models, () => ask(), "None");
  const where = h(
    "select",
    { id: "where", onchange: () => ask() },
    h("option", { value: "" }, "This server"),
    endpoint && h("option", { value: endpoint.replace(/\/$/, "") }, `Lambda endpoint (${new URL(endpoint).host})`),
  );
  const modelNamed = (/** @type {string} */ name) => models.find((/** @type {any} */ one) => one.name === name);
  const asked = () => [...new Set([model.value, second.value])].filter(Boolean).map(modelNamed);
  const again = h("button", { hidden: true, onclick: () => ask() }, "Analyse again");
  const link = h("a", { href: "#/" }, "Link to this model and threshold");
  const explanation = explanationPanel({
    explain: async (one, grid) => {
      const path = `explain?grid=${grid}&model=${encodeURIComponent(one.name)}`;
      return (await call(path, await requestOf(/** @type {Chosen} */ (chosen), where.value))).json();
    },
    picture: () => picture,
  });

  // Counts the changes of image, model and place: an answer counts only while what was asked about is still chosen.
  let turn = 0;

  /** @param {Chosen} image */
  function show(image) {
    if (chosen) URL.revokeObjectURL(chosen.url);
    chosen = image;
    source.mark(image.name);
    picture.src = image.url;
    picture.alt = `The chosen image, ${image.name}`;
    picture.hidden = false;
    empty.hidden = true;
    caption.textContent = image.drawn ? `${image.name}, drawn by a program` : image.name;
  }

  function withoutPreview() {
    picture.hidden = true;
    empty.hidden = false;
    const kind = TIFF.test(chosen?.name ?? "") ? "TIFF files" : "this file";
    empty.textContent = chosen?.entry ? "The server did not send this picture." : `This browser cannot show ${kind}.`;
  }

  /** Asks every chosen model about the chosen image. @param {{tile?: boolean}} [how] `tile`: tile by tile, where it is large */
  async function ask(how = {}) {
    link.href = linkOf(modelNamed(model.value));
    if (!chosen) return;
    const mine = ++turn;
    const image = chosen;
    const ones = asked();
    explanation.reset(ones);
    answers.replaceChildren(h("p.hint", { role: "status" }, "Analysing…"));
    let canHelp = false;
    const panels = await Promise.all(
      ones.map((one) =>
        askOne(image, one, how).then(
          (panel) => {
            canHelp = true;
            return panel;
          },
          (error) => {
            canHelp ||= PASSING.includes(error.status);
            return h("p.notice.error", error.message);
          },
        ),
      ),
    );
    if (mine !== turn) return;
    present(panels, ones);
    again.hidden = !canHelp;
  }

  /** @param {(HTMLElement)[]} panels @param {any[]} ones */
  function present(panels, ones) {
    answers.replaceChildren(
      ...panels.map((panel, i) => h("div", ones.length > 1 && h("h3.long", /** @type {any} */ (ones[i]).name), panel)),
    );
    answers.classList.toggle("two", ones.length > 1);
    explanation.offer(panels.some((panel) => "follow" in panel));
  }

  /** @param {Chosen} image @param {any} one @param {{tile?: boolean}} how */
  async function askOne(image, one, { tile }) {
    const told = where.selectedOptions[0]?.textContent ?? "";
    const path = `predict?model=${encodeURIComponent(one.name)}${tile ? "&tile=1" : ""}`;
    const request = await requestOf(image, where.value);
    const started = performance.now();
    const response = await call(path, request);
    const answer = await response.json();
    const roundTripMs = performance.now() - started;
    remember(image, { at: new Date().toISOString(), where: told, answer, roundTripMs });
    return panelOf(image, one, answer, roundTripMs, response.headers.get("server-timing"));
  }

  /** @param {Chosen} image @param {any} given */
  async function remember(image, given) {
    const { name, blob, entry, drawn } = image;
    // Another image may be chosen before or meanwhile, which then is the one that is shown.
    const small = chosen === image ? await smallPicture(picture) : undefined;
    history.add({ ...given, name, blob, entry, drawn, thumbnail: chosen === image ? small : undefined });
  }

  /**
   * @param {Chosen} image @param {any} one @param {any} answer @param {number} roundTripMs @param {string | null} timing
   */
  function panelOf(image, one, answer, roundTripMs, timing) {
    const send = async (/** @type {string} */ label) => {
      const { image_filename: _name, preprocess_time: _before, inference_time: _within, ...kept } = answer;
      const body = JSON.stringify({ ...kept, image_filename: image.name, label });
      await call("feedback", { method: "POST", body, headers: { "content-type": "application/json" } });
    };
    return resultPanel({
      answer,
      warnings,
      // A deployment elsewhere may have another threshold.
      model: { ...one, threshold: answer.threshold },
      entry: image.entry,
      drawn: place?.drawn,
      roundTripMs,
      timing,
      id: String(asked().indexOf(one)),
      tile: () => ask({ tile: true }),
      why: () => explanation.look({ moveThere: true }),
      ...(feedback && answer.model_sha256 === one.sha256 && { correct: send }),
    });
  }

  /** An earlier answer, as it was. @param {import("./store.js").Kept} kept */
  async function recall({ name, blob, entry, drawn, where: told, answer, roundTripMs }) {
    const mine = ++turn;
    const url = blob ? URL.createObjectURL(blob) : await pictureUrl(name).catch(() => "");
    if (mine !== turn) return URL.revokeObjectURL(url);
    const image = { name, url, blob, entry, drawn };
    show(image);
    again.hidden = false;
    const known = modelNamed(answer.model);
    const one = known?.sha256 === answer.model_sha256 && known;
    explanation.reset(one ? [one] : []);
    if (!one) return answers.replaceChildren(ofMissingModel(answer));
    model.value = one.name;
    second.value = "";
    where.value = [...where.options].find(({ textContent }) => textContent === told)?.value ?? "";
    link.href = linkOf(one);
    present([panelOf(image, one, answer, roundTripMs, null)], [one]);
  }

  const history = historyCard(models, recall);
  const choose = (/** @type {Chosen} */ image) => {
    show(image);
    ask();
  };
  const source = await sourcePanel(choose);
  takeFiles("/", ([file]) => {
    if (file) choose({ name: file.name, url: URL.createObjectURL(file), blob: file });
  });
  takeImage(async (image, name) => {
    model.value = name;
    show(image);
    await ask();
    if (chosen === image) explanation.look();
  });
  addEventListener("thresholdchange", () => {
    for (const panel of answers.querySelectorAll("[data-model]")) panel.follow();
    link.href = linkOf(modelNamed(model.value));
  });
  followAddress(models, {
    take: (name) => {
      model.value = name;
      ask();
    },
    refuse: (name) => {
      turn++;
      const told = `The model of this link, ${name}, is not loaded here: ${model.value} answers instead.`;
      answers.replaceChildren(h("p.notice.warning", { role: "status" }, told));
    },
  });
  link.href = linkOf(modelNamed(model.value));

  return h(
    "div",
    intro(
      "What does the model see in this tile?",
      total > 0
        ? "Choose a tile, or drop or paste your own anywhere on this page."
        : "Drop or paste a tile anywhere on this page, or try a synthetic one.",
    ),
    h(
      "div.columns",
      h("div.stack", source.card, history.card),
      h(
        "section.card",
        { "aria-labelledby": "answer-title" },
        h("h2", { id: "answer-title" }, "The answer"),
        h("figure.picture", h("div.frame", empty, picture), caption),
        h(
          "div.fields",
          field("Model", model),
          models.length > 1 && field("Compare with", second),
          endpoint && field("Runs on", where),
        ),
        preference && h("p.hint", preference),
        answers,
        h("div.row.spread.spaced", link, again),
      ),
      explanation.element,
    ),
  );
}

/** @param {any} answer of a model that is not loaded, or was replaced by another version */
function ofMissingModel({ model, predicted_class, probability }) {
  const told = `${model} answered ${predicted_class}, with a probability of ${percent(probability)}.`;
  return h("p.notice.warning", { role: "status" }, `${told} That version of the model is not loaded here now.`);
}

/** @param {string} id @param {any[]} models @param {() => void} onchange @param {string} [none] a first choice of no model */
export function modelSelect(id, models, onchange, none) {
  return h(
    "select",
    { id, onchange },
    none && h("option", { value: "" }, none),
    ...models.map(({ name, variant }) => h("option", { value: name }, variant ? `${name} (${variant})` : name)),
  );
}

/**
 * Takes model and threshold from a link such as `#/?model=mlp&threshold=0.3`.
 * @param {any[]} models @param {{take: (name: string) => void, refuse: (name: string) => void}} options `refuse` gets a model that is not loaded
 */
function followAddress(models, { take, refuse }) {
  const follow = (/** @type {boolean} */ isReload) => {
    const [path, query] = location.hash.slice(1).split("?");
    const wanted = new URLSearchParams(query);
    const name = wanted.get("model");
    if (path !== "/" || !name) return;
    const model = models.find((one) => one.name === name);
    if (!model) return refuse(name);
    const threshold = Number(wanted.get("threshold") || model.threshold);
    // What was set since the link was opened stays.
    if (!isReload && threshold >= 0 && threshold <= 1) setThreshold(model, threshold);
    take(model.name);
  };
  addEventListener("hashchange", () => follow(false));
  const [navigation] = performance.getEntriesByType("navigation");
  follow(/** @type {PerformanceNavigationTiming} */ (navigation)?.type === "reload");
}

/** A picture for the history. @param {HTMLImageElement} image @returns {Promise<string | undefined>} undefined where it cannot be shown */
async function smallPicture(image) {
  // Until it is loaded, the element holds the picture before.
  const isLoaded = await image.decode().then(
    () => true,
    () => false,
  );
  if (!isLoaded) return undefined;
  return middleSquare(image, image.naturalWidth, image.naturalHeight, THUMBNAIL).toDataURL("image/jpeg", 0.8);
}

/**
 * By name where this server has the image; otherwise the image itself goes along.
 * @param {Chosen} image @param {string} base
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
