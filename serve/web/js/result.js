/** @module The answer for one image: class, probability against the threshold, what is known of the image, times. */
import { h, milliseconds, percent, toldApart } from "./dom.js";

/**
 * @param {{answer: any, warnings?: Record<string, string>, model: any, entry?: any, roundTripMs: number, timing: string | null}} options
 * @returns {HTMLElement}
 */
export function resultPanel({ answer, warnings = {}, model, entry, roundTripMs, timing }) {
  const [negative, positive] = model.classes;
  const isPositive = answer.predicted_class === positive;
  const [probability, threshold] = toldApart(answer.probability, answer.threshold);
  return h(
    "div",
    { class: "stack" },
    h(
      "div",
      { class: `verdict ${isPositive ? "positive" : "negative"}` },
      h("p", { class: "verdict-class" }, answer.predicted_class),
      h(
        "p",
        {},
        `${probability} probability of ${positive}, `,
        h("strong", {}, isPositive ? "at or above" : "below"),
        ` the threshold of ${threshold}.`,
      ),
    ),
    model.trained_on?.drawn &&
      h("p", { class: "hint", role: "status" }, "This model was trained on drawn tiles: it knows nothing of tissue."),
    ...(answer.warnings ?? []).map((/** @type {string} */ code) =>
      h("p", { class: "hint", role: "status" }, `This image ${warnings[code] ?? code}.`),
    ),
    gauge(answer.probability, answer.threshold, negative, positive),
    known(answer, entry, positive),
    times(answer, roundTripMs, timing),
  );
}

/** @param {number} probability @param {number} threshold @param {string} negative @param {string} positive */
function gauge(probability, threshold, negative, positive) {
  const fill = h("div", { class: "gauge-fill" });
  fill.style.width = `${probability * 100}%`;
  const mark = h("div", { class: "gauge-mark" });
  const output = h("output", { for: "what-if" });
  const reset = h("button", { type: "button", class: "quiet", onclick: () => set(threshold) }, "Back to the model's");
  const slider = h("input", {
    id: "what-if",
    type: "range",
    min: 0,
    max: 1,
    step: 0.005,
    value: threshold,
    oninput: () => set(Number(slider.value)),
  });
  const set = (/** @type {number} */ value) => {
    slider.value = String(value);
    mark.style.left = `${value * 100}%`;
    const name = probability >= value ? positive : negative;
    output.textContent = `With a threshold of ${percent(value)} the answer is ${name}.`;
    slider.setAttribute("aria-valuetext", `${percent(value)}: ${name}`);
    reset.hidden = Math.abs(value - threshold) < 0.0026;
  };
  set(threshold);
  return h(
    "div",
    { class: "gauge-block" },
    h(
      "div",
      {
        class: "gauge",
        role: "img",
        "aria-label": `Probability of ${positive}: ${toldApart(probability, threshold).join("; threshold ")}`,
      },
      fill,
      mark,
    ),
    h("div", { class: "row spread hint" }, h("span", {}, negative), h("span", {}, positive)),
    h("label", { for: "what-if" }, "What if the threshold were different?"),
    slider,
    h("div", { class: "row spread" }, output, reset),
  );
}

/** What the label table says of the image. @param {any} answer @param {any} entry @param {string} positive */
function known(answer, entry, positive) {
  if (!entry?.class) return null;
  const agrees = entry.class === answer.predicted_class;
  const { votes } = entry;
  const dots =
    votes &&
    h(
      "div",
      { class: "votes", role: "img", "aria-label": `${votes.positive} of ${votes.total} experts chose ${positive}` },
      ...Array.from({ length: votes.total }, (_, i) => h("span", { class: i < votes.positive ? "vote yes" : "vote" })),
    );
  return h(
    "div",
    { class: "experts" },
    h("h3", {}, votes ? "The experts" : "The label"),
    dots,
    h(
      "p",
      {},
      votes && `${votes.positive} of ${votes.total} chose ${positive}. `,
      votes ? "The majority says " : "The label table says ",
      h("strong", {}, entry.class),
      h("span", { class: agrees ? "badge good" : "badge bad" }, agrees ? "the model agrees" : "the model disagrees"),
    ),
    entry.partition === "train" &&
      h(
        "p",
        { class: "hint" },
        "This tile is in the training part of the data set: a model that was trained on it may know its label.",
      ),
  );
}

/** @param {any} answer @param {number} roundTripMs @param {string | null} timing */
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
    ["Waiting", queue],
    ["Inference", inference],
    ["Network and the rest", Math.max(0, roundTripMs - preprocess - inference - queue)],
  ];
  const longest = Math.max(...rows.map(([, ms]) => Number(ms)));
  return h(
    "details",
    { class: "times", open: true },
    h(
      "summary",
      {},
      `Answered in ${milliseconds(roundTripMs)}`,
      h("span", { class: "badge" }, reported.cold === undefined ? "warm" : "cold"),
    ),
    h(
      "table",
      { class: "bars" },
      h("caption", { class: "visually-hidden" }, "Where the time went"),
      h(
        "tbody",
        {},
        ...rows.map(([label, ms]) => {
          const bar = h("div", { class: "bar-fill" });
          bar.style.width = `${(100 * Number(ms)) / longest}%`;
          return h(
            "tr",
            {},
            h("th", { scope: "row" }, label),
            h("td", {}, milliseconds(Number(ms))),
            h("td", { class: "bar-cell" }, bar),
          );
        }),
      ),
    ),
    reported.cold !== undefined &&
      h("p", { class: "hint" }, `First answer of this server, which took ${milliseconds(reported.cold)} to be ready.`),
    h("p", { class: "hint" }, `Model ${answer.model}, ${answer.model_sha256.slice(0, 12)}`),
  );
}
