/** @module A predicted slide in any size, with the map of answers above it. */
import { apiKey, call } from "./api.js";
import { h, percent, slider } from "./dom.js";
import { saveAs } from "./save.js";

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
/** @type {[string, string][]} */
const FILES = [
  ["tiles.geojson", "for QuPath"],
  ["tiles.csv", "a row for each tile"],
  ["heatmap.png", "a picture"],
  ["slide.json", "the summary"],
];

/**
 * The viewer of a predicted slide. `start` draws it, once the element is on the page; `end` frees it.
 * @param {string} id of the job @param {any} map of its tiles
 * @returns {Promise<{element: HTMLElement, start: () => void, end: () => void}>}
 */
export async function slideViewer(id, map) {
  await script("vendor/openseadragon.min.js");
  const seadragon = /** @type {any} */ (globalThis).OpenSeadragon;
  const positive = map.classes[1];
  const settings = { opacity: 0.55, threshold: 0 };
  const told = h("p.hint", { role: "status" }, "Click a tile to read its answer.");
  const holder = h("div.slide-view", { role: "group", "aria-label": `Slide ${map.slide}` });
  const canvas = h("canvas.slide-map", { "aria-hidden": "true" });
  /** @type {any} */
  let viewer;

  /** @param {string} label @param {"opacity" | "threshold"} name */
  const setting = (label, name) => {
    const told = (/** @type {number} */ share) => percent(share, 0);
    return slider(`slide-${name}`, label, { min: 0, max: 1, step: 0.01 }, settings[name], told, (value) => {
      settings[name] = value;
      paint();
    }).element;
  };

  const colours = h("div.viridis", {
    role: "img",
    "aria-label": "Colours of the map, from violet for 0 % to yellow for 100 %",
  });
  colours.style.background = `linear-gradient(90deg, ${STOPS.join(", ")})`;
  const zoom = (/** @type {number} */ by) => () => viewer.viewport.zoomBy(by).applyConstraints();
  const element = h(
    "div.stack",
    h(
      "div.settings",
      setting("Opacity of the map", "opacity"),
      setting(`Only tiles with a probability of ${positive} from`, "threshold"),
    ),
    h(
      "div.row",
      h("button", { "aria-label": "Closer", onclick: zoom(2) }, "+"),
      h("button", { "aria-label": "Further away", onclick: zoom(0.5) }, "−"),
      h("button", { onclick: () => viewer.viewport.goHome() }, "Whole slide"),
      h(
        "div.map-legend",
        colours,
        h("div.row.spread.hint", h("span", "0 %"), h("span", `probability of ${positive}`), h("span", "100 %")),
      ),
    ),
    holder,
    told,
    h("h3", `Most probably ${positive}`),
    h("div.row", ...strongest(map, (i) => jump(i))),
    h("h3", "Save"),
    h("div.row", ...FILES.map(([name, use]) => h("button", { onclick: () => save(name) }, `${name}, ${use}`))),
  );

  function start() {
    const top = map.levels - 1;
    viewer = seadragon({
      element: holder,
      showNavigationControl: false,
      drawer: "canvas",
      maxZoomPixelRatio: 2,
      visibilityRatio: 0.5,
      // The server may have too much to do for a moment.
      tileRetryMax: 5,
      tileRetryDelay: 1000,
      ...(apiKey() && { loadTilesWithAjax: true, ajaxHeaders: { "x-api-key": apiKey() } }),
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
    viewer.addHandler("open", () => {
      holder.append(canvas);
      paint();
      holder.dataset.ready = "true";
    });
    viewer.addHandler("update-viewport", () => paint());
    viewer.addHandler("canvas-click", (/** @type {any} */ event) => {
      if (event.quick) tell(viewer.viewport.viewerElementToImageCoordinates(event.position));
    });
  }

  /** Draws the answers where the tiles are now. */
  function paint() {
    if (!viewer?.isOpen()) return;
    const { x: width, y: height } = viewer.viewport.getContainerSize();
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    context.globalAlpha = settings.opacity;
    const at = (/** @type {number} */ x, /** @type {number} */ y) =>
      viewer.viewport.imageToViewerElementCoordinates(new seadragon.Point(x, y));
    const [origin, far] = [at(0, 0), at(map.width, map.height)];
    const scale = (far.x - origin.x) / map.width;
    // Draws only the centres of overlapping tiles. Neighbours share an edge, so that there is no gap and nothing is drawn twice.
    const inset = (map.extent - map.step) / 2;
    /** @param {number} start @param {number} place @param {number} most the last tiles reach beyond the slide */
    const edge = (start, place, most) => Math.round(start + Math.min(most, place * map.step + inset) * scale);
    for (let i = 0; i < map.x.length; i++) {
      if (map.probability[i] < settings.threshold) continue;
      const [column, row] = [Math.round(map.x[i] / map.step), Math.round(map.y[i] / map.step)];
      const [left, right] = [edge(origin.x, column, map.width), edge(origin.x, column + 1, map.width)];
      const [top, bottom] = [edge(origin.y, row, map.height), edge(origin.y, row + 1, map.height)];
      if (right < 0 || bottom < 0 || left > width || top > height) continue;
      context.fillStyle = STOPS[Math.min(STOPS.length - 1, Math.floor(map.probability[i] * STOPS.length))];
      context.fillRect(left, top, right - left, bottom - top);
    }
  }

  /** Tells the answer at a place of the slide: of tiles that overlap, the one whose centre is nearest. @param {{x: number, y: number}} place */
  function tell({ x, y }) {
    const half = map.extent / 2;
    let [nearest, least] = [-1, half];
    for (let i = 0; i < map.x.length; i++) {
      const distance = Math.max(Math.abs(x - map.x[i] - half), Math.abs(y - map.y[i] - half));
      if (distance <= least) [nearest, least] = [i, distance];
    }
    told.textContent = nearest < 0 ? "No tile with tissue is here." : answerOf(map, nearest);
  }

  /** Shows a tile with its surroundings. @param {number} i */
  function jump(i) {
    const around = 3 * map.extent;
    const edge = map.extent + 2 * around;
    const box = new seadragon.Rect(map.x[i] - around, map.y[i] - around, edge, edge);
    viewer.viewport.fitBounds(viewer.viewport.imageToViewportRectangle(box));
    told.textContent = answerOf(map, i);
  }

  /** @param {string} name */
  async function save(name) {
    try {
      saveAs(await (await call(`slides/${id}/files/${name}`)).blob(), name);
    } catch (error) {
      told.textContent = /** @type {Error} */ (error).message;
    }
  }

  return { element, start, end: () => viewer.destroy() };
}

/** @param {any} map @param {number} i */
function answerOf({ x, y, probability, classes, threshold }, i) {
  const name = classes[probability[i] >= threshold ? 1 : 0];
  return `The tile at (${x[i]}, ${y[i]}): ${name}, probability of ${classes[1]} ${percent(probability[i])}.`;
}

/** Buttons to the tiles with the largest probability. @param {any} map @param {(i: number) => void} jump */
function strongest({ probability, x, y }, jump) {
  const order = probability.map((/** @type {number} */ _, /** @type {number} */ i) => i);
  order.sort((/** @type {number} */ a, /** @type {number} */ b) => probability[b] - probability[a]);
  return order.slice(0, STRONGEST).map((/** @type {number} */ i) => {
    const share = percent(probability[i]);
    const label = `${share}, go to the tile at (${x[i]}, ${y[i]})`;
    return h("button", { "aria-label": label, onclick: () => jump(i) }, share);
  });
}

/** @param {string} source */
function script(source) {
  if (/** @type {any} */ (globalThis).OpenSeadragon) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const failed = () => reject(new Error("The viewer cannot be loaded."));
    document.head.append(h("script", { src: source, onload: resolve, onerror: failed }));
  });
}
