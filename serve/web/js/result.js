/** @module The answer for one image: class, probability against the threshold, what is known of the image, times. */
import { counted, h, milliseconds, percent, tellingPercent, toldApart } from "./dom.js";
import { classAt, isSet, meaningOf, setThreshold, thresholdFinding, thresholdOf } from "./thresholds.js";

/**
 * The panel of one answer. It follows the threshold that is set for its model.
 * @param {{answer: any, warnings?: Record<string, string>, model: any, entry?: any, drawn?: boolean, roundTripMs: number,
 * timing?: string | null, id: string, correct?: (label: string) => Promise<void>, tile?: () => void, why?: () => void}} options `id` keeps the
 * panels of several models apart; `drawn`: labels and votes are those of drawn tiles; `correct` keeps a person's label; `tile` asks again, tile
 * by tile; `why` shows the heat map
 * @returns {HTMLElement & {follow: () => void}}
 */
export function resultPanel({
  answer,
  warnings = {},
  model,
  entry,
  drawn = false,
  roundTripMs,
  timing,
  id,
  correct,
  tile,
  why,
}) {
  const name = h("p.verdict-class");
  const against = h("p");
  const reason = why && h("button.quiet", { onclick: why }, "Why? Show the heat map");
  const verdict = h("div.verdict", name, against, reason);
  const label = h("div.experts");
  const slider = gauge(answer.probability, model, id);
  const panel = h(
    "div.stack",
    { "data-model": model.name },
    verdict,
    ...notesOn(answer, warnings, model, tile),
    answer.tiles && tilesOf(answer.tiles, model),
    slider,
    label,
    correct && correction(model.classes, id, correct),
    times(answer, roundTripMs, timing),
  );
  panel.follow = () => {
    const [, positive] = model.classes;
    const isPositive = classAt(model, answer.probability) === positive;
    const [probability, threshold] = toldApart(answer.probability, thresholdOf(model));
    verdict.className = `verdict ${isPositive ? "positive" : "negative"}`;
    name.textContent = classAt(model, answer.probability);
    against.replaceChildren(
      `${probability} probability of ${positive}, `,
      h("strong", isPositive ? "at or above" : "below"),
      ` ${isSet(model) ? "your" : "the"} threshold of ${threshold}.`,
    );
    label.replaceChildren(...known(classAt(model, answer.probability), entry, positive, drawn, model.classes));
    slider.follow();
  };
  panel.follow();
  return panel;
}

/** What is to be known of a model whose card says so. */
export const DRAWN = "This model was trained on drawn (synthetic) tiles: it has never seen real tissue.";

/**
 * What is to be known before the answer is believed.
 * @param {any} answer @param {Record<string, string>} warnings @param {any} model @param {() => void} [tile]
 */
function notesOn({ warnings: codes = [], model_sha256 }, warnings, model, tile) {
  const note = (/** @type {any[]} */ ...parts) => h("p.notice.warning", { role: "status" }, ...parts);
  return [
    model_sha256 !== model.sha256 &&
      note(
        "This answer is of another version of the model than this page describes. Load the page again, if it is old.",
      ),
    model.trained_on?.drawn && note(DRAWN),
    ...codes.map((/** @type {string} */ code) =>
      note(
        `This image ${warningWords(code, warnings)}. `,
        code === "shrunk" && tile && h("button", { onclick: tile }, "Answer tile by tile"),
      ),
    ),
  ].filter(Boolean);
}

/** A warning in words; what it says after a semicolon is for callers of the API. @param {string} code @param {Record<string, string>} warnings */
export function warningWords(code, warnings) {
  return (warnings[code] ?? code).split(";")[0];
}

/** What the tiles of a large image say. @param {any} tiles @param {any} model */
function tilesOf({ total, predicted, positive, strongest }, model) {
  const [first] = strongest;
  const share = `${model.classes[1]} in ${positive} of ${counted(predicted, "tile")}${predicted < total ? " with tissue" : ""}`;
  return h(
    "p.hint",
    `The mean over the tiles: ${share}, most probable at (${first.x}, ${first.y}) with ${percent(first.probability)}.`,
  );
}

/** @param {number} probability @param {any} model @param {string} id */
function gauge(probability, model, id) {
  const [negative, positive] = model.classes;
  const fill = h("div.gauge-fill");
  fill.style.width = `${probability * 100}%`;
  const mark = h("div.gauge-mark");
  const bar = h("div.gauge", { role: "img" }, fill, mark);
  const field = thresholdField(model, id);
  const block = h("div", bar, h("div.row.spread.hint", h("span", negative), h("span", positive)), field);
  block.follow = () => {
    const threshold = thresholdOf(model);
    mark.style.left = `${threshold * 100}%`;
    const told = toldApart(probability, threshold).join("; threshold ");
    bar.setAttribute("aria-label", `Probability of ${positive}: ${told}`);
    field.follow();
  };
  return block;
}

/** The sensitivity that people ask for most. */
const SHARE = 0.95;

/**
 * A slider of a model's threshold, with what it means on validation.
 * @param {any} model @param {string} id @returns {HTMLElement & {follow: () => void}} `follow` shows the threshold that is set
 */
export function thresholdField(model, id) {
  const meaning = h("output", { for: `threshold-${id}` });
  const value = h("strong");
  const undo = () => {
    // The button goes with what it undoes.
    slider.focus();
    setThreshold(model, model.threshold);
  };
  const reset = h("button.quiet", { onclick: undo }, `Back to the model's ${tellingPercent(model.threshold)}`);
  const finding = h("button", { hidden: true }, `Set for ${SHARE * 100} % sensitivity`);
  thresholdFinding(model, SHARE).then((threshold) => {
    finding.hidden = threshold === undefined;
    finding.onclick = () => setThreshold(model, /** @type {number} */ (threshold));
  });
  const slider = h("input", {
    id: `threshold-${id}`,
    type: "range",
    min: 0,
    max: 1,
    step: 0.005,
    oninput: () => setThreshold(model, Number(slider.value)),
  });
  const field = h(
    "div.gauge-block",
    h("div.row.spread", h("label", { for: `threshold-${id}` }, "Threshold ", value), reset),
    slider,
    h("p", meaning),
    finding,
  );
  field.follow = () => {
    const threshold = thresholdOf(model);
    slider.value = String(threshold);
    value.textContent = tellingPercent(threshold);
    slider.setAttribute("aria-valuetext", tellingPercent(threshold));
    reset.hidden = !isSet(model);
    meaningOf(model).then((text) => {
      if (threshold === thresholdOf(model)) meaning.textContent = text;
    });
  };
  field.follow();
  return field;
}

/** @param {[string, string]} classes @param {string} id @param {(label: string) => Promise<void>} keep */
function correction(classes, id, keep) {
  const status = h("span.hint", { role: "status" });
  const save = async (/** @type {string} */ label) => {
    try {
      await keep(label);
      status.textContent = `Saved: you labelled it ${label}.`;
    } catch (error) {
      status.textContent = /** @type {Error} */ (error).message;
    }
  };
  return h(
    "div.row",
    { role: "group", "aria-labelledby": `wrong-${id}` },
    h("span", { id: `wrong-${id}` }, "Right or wrong?"),
    ...classes.map((label) => h("button", { onclick: () => save(label) }, `It is ${label}`)),
    status,
  );
}

/**
 * What the label table says of the image.
 * @param {string} predicted @param {any} entry @param {string} positive @param {boolean} drawn the votes are made by a program
 * @param {readonly string[]} classes those of the model
 */
function known(predicted, entry, positive, drawn, classes) {
  if (!entry?.class) return [];
  if (!classes.includes(entry.class)) {
    return [
      h("h3", "The label"),
      h("p", "The label table says ", h("strong", entry.class), ", which is no class of this model."),
    ];
  }
  const agrees = entry.class === predicted;
  const { votes } = entry;
  const voters = drawn ? "simulated votes" : "experts";
  const dots =
    votes &&
    h(
      "div.votes",
      { role: "img", "aria-label": `${votes.positive} of ${votes.total} ${voters} chose ${positive}` },
      ...Array.from({ length: votes.total }, (_, i) => h("span", { class: i < votes.positive ? "vote yes" : "vote" })),
    );
  return [
    h("h3", votes ? (drawn ? "Simulated votes" : "The experts") : "The label"),
    dots,
    h(
      "p",
      votes && `${votes.positive} of ${votes.total}${drawn ? " simulated votes" : ""} chose ${positive}. `,
      votes ? "The majority says " : "The label table says ",
      h("strong", entry.class),
      h("span", { class: agrees ? "badge good" : "badge bad" }, agrees ? "the model agrees" : "the model disagrees"),
    ),
    entry.partition === "train" &&
      h(
        "p.hint",
        "This tile is in the training part of the data set: a model that was trained on it may know its label.",
      ),
  ].filter(Boolean);
}

/** @param {any} answer @param {number} roundTripMs @param {string | null} [timing] the server's, unless it is not known any more */
function times(answer, roundTripMs, timing) {
  const reported = Object.fromEntries(
    (timing ?? "").split(",").flatMap((part) => {
      const [, name, value] = /^\s*(\w+);dur=([\d.]+)/.exec(part) ?? [];
      return name ? [[name, Number(value)]] : [];
    }),
  );
  const preprocess = answer.preprocess_time * 1000;
  const inference = answer.inference_time * 1000;
  const queue = reported.queue ?? 0;
  const rows = [
    ["Preprocessing", preprocess],
    ...(timing ? [["Waiting", queue]] : []),
    ["Inference", inference],
    [timing ? "Network and the rest" : "The rest", Math.max(0, roundTripMs - preprocess - inference - queue)],
  ];
  const longest = Math.max(...rows.map(([, ms]) => Number(ms)));
  return h(
    "details.times",
    h(
      "summary",
      `Answered in ${milliseconds(roundTripMs)}`,
      timing && h("span.badge", reported.cold === undefined ? "warm" : "cold"),
    ),
    h(
      "table.bars",
      h("caption.visually-hidden", "Where the time went"),
      h(
        "tbody",
        ...rows.map(([label, ms]) => {
          const bar = h("div.bar-fill");
          bar.style.width = `${(100 * Number(ms)) / longest}%`;
          return h("tr", h("th", { scope: "row" }, label), h("td", milliseconds(Number(ms))), h("td.bar-cell", bar));
        }),
      ),
    ),
    reported.cold !== undefined &&
      h("p.hint", `First answer of this server, which took ${milliseconds(reported.cold)} to be ready.`),
    h("p.hint", `Model ${answer.model}, ${answer.model_sha256.slice(0, 12)}`),
  );
}
