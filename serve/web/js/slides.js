/** @module Whole slides: asks for them, follows their prediction, and shows what was predicted. */
import { modelSelect } from "./analyse.js";
import { call, getJson, info, PASSING } from "./api.js";
import { counted, field, h, intro, percent } from "./dom.js";
import { DRAWN } from "./result.js";
import { slideViewer } from "./slide-viewer.js";

const POLL_MS = 700;

/** @returns {Promise<HTMLElement>} */
export async function view() {
  const [{ models }, { slides, jobs }] = await Promise.all([info(), getJson("slides")]);
  const choice = h("select", { id: "slide" }, ...slides.map((/** @type {string} */ name) => h("option", name)));
  const model = modelSelect("slide-model", models, () => undefined);
  const scale = (/** @type {string} */ id, /** @type {string} */ placeholder) =>
    h("input", { id, type: "number", min: 0.01, max: 100, step: "any", placeholder, "aria-describedby": "mpp-hint" });
  const mpp = scale("mpp", "as the model says");
  const slideMpp = scale("slide-mpp", "as the file says");
  const message = h("p.hint", { role: "status" });
  const bar = h("progress", { hidden: true, "aria-label": "Tiles predicted" });
  const stop = h("button", { hidden: true }, "Cancel");
  const start = h("button.primary", { onclick: () => order() }, "Predict the slide");
  const stage = h("div");
  const list = h("ul.plain");
  const earlier = h(
    "section.card",
    { "aria-labelledby": "earlier-slides", hidden: true },
    h("h2", { id: "earlier-slides" }, "Predicted slides"),
    list,
    h("p.hint", "Kept by the server until it stops."),
  );

  async function order() {
    // A number that cannot be read is no wish for the default.
    if (![mpp, slideMpp].every((input) => input.reportValidity())) return;
    const body = JSON.stringify({
      slide: choice.value,
      ...(mpp.value && { mpp: Number(mpp.value) }),
      ...(slideMpp.value && { slide_mpp: Number(slideMpp.value) }),
    });
    const path = `slides?model=${encodeURIComponent(model.value)}`;
    await attemptAlone(async () => {
      const answer = await call(path, { method: "POST", body, headers: { "content-type": "application/json" } });
      await follow((await answer.json()).id);
    });
  }

  /** Waits for a slide, then shows it. @param {string} id */
  async function follow(id) {
    stop.hidden = bar.hidden = false;
    bar.removeAttribute("value");
    stop.onclick = () => attempt(() => call(`slides/${id}/cancel`, { method: "POST" }));
    for (;;) {
      const job = await askPatiently(`slides/${id}`);
      if (job.total > 0) Object.assign(bar, { max: job.total, value: job.done });
      say(job.status === "failed" ? "notice error" : "hint", progressOf(job));
      if (job.status === "done") {
        // First, so that it can be opened from there if it cannot be opened now.
        fill((await askPatiently("slides")).jobs);
        await open(job);
      }
      if (!["queued", "running"].includes(job.status)) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** What the server answers, which may have too much to do or be away for some time. @param {string} path */
  async function askPatiently(path) {
    for (let tries = 0; ; tries++) {
      try {
        const answer = await getJson(path);
        if (tries > 0) say("hint", "");
        return answer;
      } catch (error) {
        const { status, retryAfter, message: why } = /** @type {import("./api.js").ApiProblem} */ (error);
        // Without a key each question would open the dialog for it again.
        if (status === 401 || !PASSING.includes(status)) throw error;
        say("notice warning", `${why} A prediction may go on meanwhile, and this page goes on asking for it.`);
        await new Promise((resolve) => setTimeout(resolve, Math.max(POLL_MS, 1000 * retryAfter)));
      }
    }
  }

  /** Does what asks the server, and tells why it failed. @param {() => Promise<unknown>} work */
  async function attempt(work) {
    if (message.classList.contains("error")) say("hint", "");
    try {
      await work();
    } catch (error) {
      say("notice error", /** @type {Error} */ (error).message);
    }
  }

  /** @param {string} kind class of the message @param {string} text */
  function say(kind, text) {
    message.className = kind;
    message.textContent = text;
  }

  /** The same for a slide that is waited for: no other can be asked for meanwhile. @param {() => Promise<unknown>} work */
  async function attemptAlone(work) {
    start.disabled = true;
    await attempt(work);
    start.disabled = slides.length === 0;
    stop.hidden = bar.hidden = true;
  }

  let turn = 0;
  let endShown = () => undefined;

  /** @param {any} job that is done */
  async function open(job) {
    const mine = ++turn;
    const map = await askPatiently(`slides/${job.id}/map`);
    const viewer = await slideViewer(job.id, map);
    // Another slide was opened meanwhile.
    if (mine !== turn) return;
    endShown();
    endShown = viewer.end;
    const known = models.find((/** @type {any} */ { name }) => name === job.model);
    stage.replaceChildren(
      h(
        "section.card.stack",
        { "aria-labelledby": "shown-slide" },
        h("h2.long", { id: "shown-slide" }, job.slide),
        h("p", resultOf(job)),
        known?.trained_on?.drawn && h("p.notice.warning", DRAWN),
        ...job.summary.remarks.map((/** @type {string} */ remark) => h("p.notice.warning", `Note: ${remark}.`)),
        viewer.element,
      ),
    );
    viewer.start();
  }

  /** @param {any[]} all */
  function fill(all) {
    const done = all.filter(({ status }) => status === "done").reverse();
    earlier.hidden = done.length === 0;
    list.replaceChildren(
      ...done.map((job) =>
        h(
          "li",
          h("button.quiet", { onclick: () => attempt(() => open(job)) }, job.slide),
          h("span.hint.long", ` ${resultOf(job)}`),
        ),
      ),
    );
  }

  start.disabled = slides.length === 0;
  fill(jobs);
  const active = jobs.find((/** @type {any} */ { status }) => status === "running" || status === "queued");
  const last = jobs.findLast((/** @type {any} */ { status }) => status === "done");
  if (active) attemptAlone(() => follow(active.id));
  else if (last) attempt(() => open(last));

  return h(
    "div.stack",
    intro(
      "Whole slides",
      "A slide is cut into tiles; those with tissue are predicted, and the map shows their answers in place.",
    ),
    h(
      "section.card.stack",
      { "aria-label": "Predict a slide" },
      slides.length === 0 &&
        h(
          "p.notice",
          "The folder of --images has no slide (SVS, TIFF pyramid, NDPI, MRXS ...): put one there, then reload this page.",
        ),
      h(
        "div.fields",
        field("Slide", choice),
        field("Model", model),
        field("Scale of the slide, µm per pixel (slide_mpp)", slideMpp),
        field("Scale of the model's tiles, µm per pixel (mpp)", mpp),
      ),
      h("p.hint", { id: "mpp-hint" }, "About 0.25 at 40×, 0.5 at 20×, 1 at 10×."),
      h("div.row", start, stop),
      bar,
      message,
    ),
    stage,
    earlier,
  );
}

/** @param {any} job */
function progressOf({ status, done, total, problem }) {
  switch (status) {
    case "queued":
      return "Waiting for another slide to finish…";
    case "running":
      return total > 0 ? `${done} of ${counted(total, "tile")}` : "Looking for tissue…";
    case "failed":
      return problem.detail;
    case "cancelled":
      return "Cancelled.";
    default:
      return "";
  }
}

/** What was found, in a sentence. @param {any} job that is done */
function resultOf({ model: name, summary }) {
  const { tissueTiles, failedTiles, positiveShare, positiveShareCi95, model } = summary;
  if (positiveShare === null) return `${name} found no tissue that it could predict.`;
  const [low, high] = positiveShareCi95 ?? [];
  const between = low === undefined ? "" : ` (95 % interval ${percent(low)} to ${percent(high)})`;
  const unread = failedTiles > 0 ? `; ${counted(failedTiles, "tile")} could not be read` : "";
  return `${name}: ${percent(positiveShare)} of ${counted(tissueTiles, "tile")} with tissue are ${model.classes[1]}${between}, at a threshold of ${percent(model.threshold)}${unread}.`;
}
