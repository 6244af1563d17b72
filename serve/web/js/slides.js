/** @module Whole slides: asks for them, and shows them in any size with the map of answers above. */
import { call, getJson, hasKey } from "./api.js";
import { h, percent } from "./dom.js";

const POLL_MS = 700;
/** Viridis, as in heatmap.png. */
const STOPS = [
  "#440154",
  "#482878",
  "#3e4a89",
  "#31688e",
  "#26828e",
  "#1f9e89",
  "#35b779",
  "#6ece58",
  "#b5de2b",
  "#fde725",
];
const STRONGEST = 12;

/** The page's element. */
export async function view() {
  const root = h("div", { class: "stack" }, h("h1", {}, "Slides"));
  const { slides, jobs } = await getJson("slides");
  const choice = h("select", { id: "slide" }, ...slides.map((/** @type {string} */ name) => h("option", {}, name)));
  const mpp = h("input", {
    id: "mpp",
    type: "number",
    min: 0.01,
    max: 100,
    step: "any",
    placeholder: "as the model says",
  });
  const message = h("p", { class: "hint", role: "status" });
  const bar = h("progress", { hidden: true, "aria-label": "Tiles predicted" });
  const stage = h("div");
  const stop = h("button", { type: "button", hidden: true }, "Cancel");
  const start = h("button", { class: "primary", type: "button", disabled: slides.length === 0 }, "Predict the slide");
  start.addEventListener("click", async () => {
    start.disabled = true;
    try {
      const body = JSON.stringify({ slide: choice.value, ...(mpp.value && { mpp: Number(mpp.value) }) });
      const answer = await call("slides", { method: "POST", body, headers: { "content-type": "application/json" } });
      await follow((await answer.json()).id, { message, bar, stage, stop });
    } catch (error) {
      message.textContent = /** @type {Error} */ (error).message;
    }
    start.disabled = false;
  });
  const none = "The image source has no slide (SVS, TIFF pyramid, NDPI, MRXS ...).";
  root.append(
    h(
      "div",
      { class: "card stack" },
      slides.length === 0 && h("p", { class: "hint" }, none),
      h("label", { for: "slide" }, "Slide", choice),
      h("label", { for: "mpp" }, "Micrometres per pixel of the model's tiles", mpp),
      h("div", { class: "row" }, start, stop),
      bar,
      message,
    ),
    stage,
  );
  const last = jobs.filter((/** @type {any} */ job) => job.status === "done").at(-1);
  if (last) show(last.id, stage).catch(() => undefined);
  return root;
}

/** Waits for a slide and shows it. @param {string} id @param {any} parts */
async function follow(id, { message, bar, stage, stop }) {
  stop.hidden = false;
  bar.hidden = false;
  stop.onclick = () => call(`slides/${id}/cancel`, { method: "POST" });
  for (;;) {
    const job = await getJson(`slides/${id}`);
    if (job.total > 0) Object.assign(bar, { max: job.total, value: job.done });
    message.textContent = describe(job);
    if (!["queued", "running"].includes(job.status)) {
      stop.hidden = true;
      bar.hidden = true;
      if (job.status === "done") await show(id, stage);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** @param {any} job */
function describe(job) {
  if (job.status === "failed") return job.problem.detail;
  if (job.status !== "done") return job.total > 0 ? `${job.done} of ${job.total} tiles` : job.status;
  const { tissueTiles, positiveShare, model } = job.summary;
  return `${tissueTiles} tiles with tissue, ${percent(positiveShare ?? 0)} of them ${model.classes[1]}`;
}

/** Shows a slide with its map. @param {string} id @param {HTMLElement} stage */
async function show(id, stage) {
  const map = await getJson(`slides/${id}/map`);
  await script("vendor/openseadragon.min.js");
  const holder = h("div", { class: "slide-view", role: "application", "aria-label": `Slide ${map.slide}` });
  const settings = { opacity: 0.55, threshold: 0 };
  const slider = (/** @type {string} */ label, /** @type {"opacity" | "threshold"} */ name) => {
    const input = h("input", { id: `slide-${name}`, type: "range", min: 0, max: 1, step: 0.01 });
    input.value = settings[name];
    const shown = h("output", {}, percent(settings[name], 0));
    input.addEventListener("input", () => {
      settings[name] = Number(input.value);
      shown.textContent = percent(settings[name], 0);
      paint();
    });
    return h("label", { for: `slide-${name}` }, `${label} `, input, " ", shown);
  };
  const files = ["tiles.geojson", "tiles.csv", "heatmap.png", "slide.json"];
  const exports = files.map((name) => h("button", { type: "button", onclick: () => save(id, name) }, name));
  const zoom = (/** @type {number} */ by) => () => viewer.viewport.zoomBy(by).applyConstraints();
  stage.replaceChildren(
    h(
      "div",
      { class: "card stack" },
      h(
        "div",
        { class: "row" },
        slider("Opacity", "opacity"),
        slider(`Only tiles from`, "threshold"),
        h("button", { type: "button", "aria-label": "Closer", onclick: zoom(2) }, "+"),
        h("button", { type: "button", "aria-label": "Further away", onclick: zoom(0.5) }, "−"),
        h("button", { type: "button", onclick: () => viewer.viewport.goHome() }, "Whole slide"),
      ),
      holder,
      h("h2", {}, "Strongest tiles"),
      h("div", { class: "row" }, ...strongest(map, (x, y) => jump(x, y))),
      h("h2", {}, "Export"),
      h("div", { class: "row" }, ...exports),
    ),
  );
  const seadragon = /** @type {any} */ (globalThis).OpenSeadragon;
  const top = map.levels - 1;
  const viewer = seadragon({
    element: holder,
    showNavigationControl: false,
    drawer: "canvas",
    maxZoomPixelRatio: 2,
    visibilityRatio: 0.5,
    ...(hasKey() && {
      loadTilesWithAjax: true,
      ajaxHeaders: { "x-api-key": sessionStorage.getItem("histo-api-key") },
    }),
    tileSources: {
      width: map.width,
      height: map.height,
      tileSize: map.tileSize,
      minLevel: 0,
      maxLevel: top,
      getTileUrl: (/** @type {number} */ level, /** @type {number} */ x, /** @type {number} */ y) =>
        `slides/${id}/tiles/${top - level}/${x}/${y}`,
    },
  });
  const canvas = h("canvas", { class: "slide-map", "aria-hidden": "true" });
  viewer.addHandler("open", () => {
    holder.append(canvas);
    paint();
    holder.dataset.ready = "true";
  });
  viewer.addHandler("update-viewport", () => paint());

  /** Draws the answers where the tiles are now. */
  function paint() {
    if (!viewer.isOpen()) return;
    const { x: width, y: height } = viewer.viewport.getContainerSize();
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    context.globalAlpha = settings.opacity;
    const at = (/** @type {number} */ x, /** @type {number} */ y) =>
      viewer.viewport.imageToViewerElementCoordinates(new seadragon.Point(x, y));
    for (let i = 0; i < map.x.length; i++) {
      if (map.probability[i] < settings.threshold) continue;
      const corner = at(map.x[i], map.y[i]);
      const end = at(map.x[i] + map.extent, map.y[i] + map.extent);
      if (end.x < 0 || end.y < 0 || corner.x > width || corner.y > height) continue;
      context.fillStyle = STOPS[Math.min(STOPS.length - 1, Math.floor(map.probability[i] * STOPS.length))];
      context.fillRect(corner.x, corner.y, end.x - corner.x, end.y - corner.y);
    }
  }

  /** @param {number} x @param {number} y */
  function jump(x, y) {
    const around = 3 * map.extent;
    const box = new seadragon.Rect(x - around, y - around, map.extent + 2 * around, map.extent + 2 * around);
    viewer.viewport.fitBounds(viewer.viewport.imageToViewportRectangle(box));
  }
}

/** Buttons to the tiles with the largest probability. @param {any} map @param {(x: number, y: number) => void} jump */
function strongest(map, jump) {
  const order = map.probability.map((/** @type {number} */ _, /** @type {number} */ i) => i);
  order.sort((/** @type {number} */ a, /** @type {number} */ b) => map.probability[b] - map.probability[a]);
  return order
    .slice(0, STRONGEST)
    .map((/** @type {number} */ i) =>
      h("button", { type: "button", onclick: () => jump(map.x[i], map.y[i]) }, percent(map.probability[i])),
    );
}

/** @param {string} id @param {string} name */
async function save(id, name) {
  const url = URL.createObjectURL(await (await call(`slides/${id}/files/${name}`)).blob());
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** @param {string} source */
function script(source) {
  if (/** @type {any} */ (globalThis).OpenSeadragon) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const failed = () => reject(new Error("The viewer cannot be loaded."));
    document.head.append(h("script", { src: source, onload: resolve, onerror: failed }));
  });
}
