/** @module What was answered before, on this browser: to look at again, and to take along. */
import { saveCsv } from "./csv.js";
import { counted, h, percent, table } from "./dom.js";
import { saveAs } from "./save.js";
import { forgetAnswers, keepAnswer, keptAnswers } from "./store.js";
import { classAt, thresholdOf } from "./thresholds.js";

/** @typedef {import("./store.js").Kept} Kept */

const COLUMNS = ["time", "filename", "model", "model_sha256", "logit", "probability", "threshold", "predicted_class"];

/**
 * A table of the kept answers, newest first; hidden while there is none.
 * @param {any[]} models those of the server @param {(kept: Kept) => void} show called with the answer that is clicked
 */
export function historyCard(models, show) {
  const column = { scope: "col" };
  const heads = [h("th", column, "Image, model"), h("th", column, "Answer"), h("th.number", column, "Probability")];
  const list = table(heads, []);
  /** @type {Kept[]} */
  let answers = [];
  // The threshold of a deployment elsewhere may be another one.
  const modelOf = (/** @type {Kept} */ { answer }) => ({
    name: answer.model,
    sha256: answer.model_sha256,
    classes: models.find(({ name }) => name === answer.model)?.classes ?? [
      answer.predicted_class,
      answer.predicted_class,
    ],
    threshold: answer.threshold,
  });
  const values = (/** @type {Kept} */ kept) => {
    const { model, model_sha256, logit, probability } = kept.answer;
    const known = modelOf(kept);
    const judged = [thresholdOf(known), classAt(known, probability)];
    return [kept.at, kept.name, model, model_sha256, logit, probability, ...judged];
  };
  const json = () => {
    const rows = answers.map((kept) => Object.fromEntries(values(kept).map((value, i) => [COLUMNS[i], value])));
    saveAs(new Blob([JSON.stringify(rows, null, 2)], { type: "application/json" }), "answers.json");
  };
  const clear = async () => {
    if (!confirm(`Delete ${counted(answers.length, "answer")} from this browser, with images?`)) return;
    // Where the browser keeps nothing, there is nothing to forget.
    await forgetAnswers().catch(() => undefined);
    answers = [];
    fill();
  };
  const card = h(
    "section.card",
    { "aria-labelledby": "history-title", hidden: true },
    h("h2", { id: "history-title" }, "History"),
    h("div.scroll.tall", { tabindex: 0, role: "group", "aria-label": "Table of earlier answers" }, list),
    h(
      "div.row.spaced",
      h("button", { onclick: () => saveCsv(COLUMNS, answers.map(values), "answers.csv") }, "Save CSV"),
      h("button", { onclick: json }, "Save JSON"),
      h("button.quiet", { onclick: clear }, "Clear"),
    ),
    h("p.hint", "The last 50, stored with their images in this browser only."),
  );

  function fill() {
    card.hidden = answers.length === 0;
    list.tBodies[0].replaceChildren(...answers.map(row));
  }

  /** @param {Kept} kept */
  function row(kept) {
    const { answer, name, thumbnail } = kept;
    const title = `${name}, ${new Date(kept.at).toLocaleString()}, ${kept.where}`;
    return h(
      "tr",
      h(
        "td",
        h(
          "button.quiet.file",
          { title, onclick: () => show(kept) },
          thumbnail && h("img", { src: thumbnail, alt: "", width: 40, height: 40 }),
          h("span", name),
        ),
        h("p.hint.long", answer.model),
      ),
      h("td", classAt(modelOf(kept), answer.probability)),
      h("td.number", percent(answer.probability)),
    );
  }

  addEventListener("thresholdchange", fill);
  keptAnswers().then((kept) => {
    answers = [...answers, ...kept];
    fill();
  });
  return {
    card,
    /** @param {Kept} kept */
    add(kept) {
      const [last] = answers;
      // Pasted images all have the same name.
      const isSame = ({ name, answer }) =>
        name === kept.name && answer.model_sha256 === kept.answer.model_sha256 && answer.logit === kept.answer.logit;
      if (last && isSame(last)) return;
      answers = [kept, ...answers].slice(0, 50);
      fill();
      // Without room on the disk the answer is there until the page is left.
      keepAnswer(kept).catch(() => undefined);
    },
  };
}
