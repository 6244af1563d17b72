/** @module What models looked at: heat maps of one image, beside each other or over the tile, to zoom and to keep. */
import { info } from "./api.js";
import { h, percent, slider } from "./dom.js";
import { drawScale, logitsText } from "./heat-map-drawing.js";
import { drawTile } from "./heatmap.js";
import { FONT, scaleLegend, scaleOf } from "./legend.js";
import { saveAs } from "./save.js";

const GRID = 14;
const EDGE = 512;
const MOST_ZOOM = 8;

/** @typedef {{name: string, classes: string[], input: {resize: string}}} Model */
/** @typedef {{canvas: HTMLCanvasElement, model?: Model, method?: string, map?: import("./heatmap.js").HeatMap}} Picture */

const METHODS = {
  occlusion: ["Occlusion", "how far the logit falls when a part is covered"],
  class_activation: ["Class activation", "what each place adds to the logit"],
};

/**
 * The panel below an answer.
 * @param {{explain: (model: Model, grid: number) => Promise<any>, picture: () => HTMLImageElement}} options
 */
export function explanationPanel({ explain, picture }) {
  /** @type {Model[]} */
  let models = [];
  /** @type {Picture[]} */
  let pictures = [];
  /** @type {ReturnType<typeof scaleLegend>[]} */
  let legends = [];
  /** @type {any} */
  let colours;
  let turn = 0;
  let isAsking = false;
  const ready = () => {
    isAsking = false;
    button.removeAttribute("aria-disabled");
  };
  const viewport = { zoom: 1, x: 0.5, y: 0.5 };

  const button = h("button", { id: "explain", onclick: () => look() }, "Show the heat map");
  const status = h("p.hint", { role: "status" });
  const shown = checkbox("heat-map", "Heat map", true, () => paint());
  const beside = checkbox("beside", "Beside the tile", true, () => paint());
  const outlines = checkbox("outlines", "Outline the strongest parts", true, () => paint());
  const opacity = slider("opacity", "Opacity", { min: 0, max: 1, step: 0.05 }, 0.7, percentOf, () => paint());
  const zoom = slider(
    "zoom",
    "Zoom",
    { min: 1, max: MOST_ZOOM, step: 0.5 },
    1,
    (value) => `${value} ×`,
    (value) => {
      viewport.zoom = value;
      paint();
    },
  );
  const scales = h("div.legends");
  const grid = h("div.pictures", {
    role: "group",
    tabindex: 0,
    "aria-label": "Pictures; plus and minus zoom, arrow keys move",
    onkeydown: moveByKey,
    onpointermove: drag,
  });
  const controls = h(
    "div.stack",
    { hidden: true },
    h("div.row", shown.element, beside.element, outlines.element),
    h("div.settings", opacity.element, zoom.element),
    grid,
    scales,
  );
  const title = h("h2", { id: "explanation-title", tabindex: -1 }, "What the model looked at");
  const element = h("section.card.wide", { hidden: true, "aria-labelledby": "explanation-title" });
  element.append(h("div.row.spread", title, button), status, controls);

  /** @param {{moveThere?: boolean}} [how] `moveThere`: the reader comes from elsewhere on the page */
  async function look({ moveThere = false } = {}) {
    if (element.hidden) return;
    if (moveThere) {
      element.scrollIntoView({ block: "start" });
      title.focus({ preventScroll: true });
    }
    if (isAsking) return;
    const mine = ++turn;
    const ones = models;
    isAsking = true;
    // A button that cannot be used would lose the focus.
    button.setAttribute("aria-disabled", "true");
    status.textContent = "Covering one part after the other…";
    status.className = "hint";
    try {
      const [{ heat_map_colours }, ...explanations] = await Promise.all([
        info(),
        ...ones.map((one) => explain(one, GRID)),
      ]);
      if (mine !== turn) return;
      colours = heat_map_colours;
      const maps = explanations.flatMap((explanation, i) => mapsOf(explanation, /** @type {Model} */ (ones[i])));
      build(maps);
      controls.hidden = false;
      paint();
      if (moveThere) element.scrollIntoView({ block: "start" });
      const [against, forIt] = speaksFor();
      status.textContent = `Orange parts speak for ${forIt}, blue ones for ${against}; black lines surround the strongest.`;
    } catch (error) {
      if (mine !== turn) return;
      status.textContent = /** @type {Error} */ (error).message;
      status.className = "notice error";
    } finally {
      if (mine === turn) ready();
    }
  }

  /** @param {{model: Model, method: string, map: any}[]} maps */
  function build(maps) {
    pictures = [{}, ...maps].map((part) => ({
      ...part,
      canvas: h("canvas", { width: EDGE, height: EDGE, role: "img" }),
    }));
    legends = [...new Set(maps.map(({ method }) => method))].map((method) =>
      scaleLegend({
        method,
        name: METHODS[method][0],
        strongest: strongestOf(maps.filter((one) => one.method === method)),
        classes: speaksFor(),
        change: () => paint(),
      }),
    );
    grid.replaceChildren(...pictures.map((one) => figureOf(one)));
    scales.replaceChildren(...legends.map(({ element }) => element));
  }

  /** What both ends of a scale speak for; models of one comparison may have other classes. @returns {string[]} */
  function speaksFor() {
    return [0, 1].map((i) => [...new Set(models.map(({ classes }) => classes[i]))].join(" or "));
  }

  /** @param {Picture} one */
  function figureOf(one) {
    const { canvas, model, method = "", map } = one;
    if (!map || !model) {
      canvas.setAttribute("aria-label", "The tile");
      return h("figure", canvas, h("figcaption", "The tile"));
    }
    const [name, meaning] = METHODS[method];
    const told = models.length > 1 ? `${model.name}: ${name}` : name;
    const [most, least] = [Math.max(...map.contributions), Math.min(...map.contributions)];
    const [first, second] = [most, least].map((value) => logitsText(value, scaleOf(method)));
    const strongestParts = `strongest ${first} and ${second}`;
    canvas.setAttribute("aria-label", `${told}, ${meaning}: ${strongestParts} logits`);
    return h(
      "figure",
      canvas,
      h(
        "figcaption",
        h("b", told),
        `, ${meaning}; ${strongestParts}. `,
        h("button.quiet", { onclick: () => download(one) }, "Save PNG"),
      ),
    );
  }

  /** @param {Picture} one @param {HTMLCanvasElement} [canvas] */
  function draw(one, canvas = one.canvas) {
    const image = picture();
    drawTile(canvas, {
      // Until a picture is loaded, the element holds the one before.
      ...(!image.hidden && image.complete && image.naturalWidth > 0 && { tile: image }),
      resize: (one.model ?? models[0])?.input.resize,
      ...(one.map && shown.input.checked && { map: one.map }),
      scale: scaleOf(one.method ?? ""),
      opacity: Number(opacity.input.value),
      outlines: outlines.input.checked,
      colours,
      viewport,
    });
  }

  function paint() {
    if (pictures.length === 0 || !colours) return;
    const [first] = grid.children;
    if (first) first.hidden = !beside.input.checked;
    for (const one of pictures) draw(one);
    for (const legend of legends) legend.draw({ opacity: Number(opacity.input.value), colours });
  }

  /** A picture to show to others: the tile as it is seen now, and below it what the colours mean. @param {Picture} one */
  function download(one) {
    const [name] = METHODS[one.method ?? ""];
    const tile = h("canvas", { width: EDGE, height: EDGE });
    draw(one, tile);
    const sheet = h("canvas", { width: EDGE + 40, height: EDGE + 134 });
    const context = sheet.getContext("2d");
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, sheet.width, sheet.height);
    context.fillStyle = "#25202b";
    context.font = `600 15px ${FONT}`;
    const title = `${name}, ${one.model?.name}, ${document.querySelector("figcaption")?.textContent ?? ""}`;
    context.fillText(title, 20, 30, EDGE);
    context.drawImage(tile, 20, 46);
    const alpha = Number(opacity.input.value);
    const classes = one.model?.classes ?? [];
    drawScale(context, {
      x: 20,
      y: EDGE + 64,
      width: EDGE,
      scale: scaleOf(one.method ?? ""),
      opacity: alpha,
      colours,
      classes,
      ink: "#25202b",
      font: FONT,
    });
    const file = `${title
      .replace(/\.\w+$/, "")
      .replace(/[^\p{L}\p{N}]+/gu, "-")
      .toLowerCase()}.png`;
    sheet.toBlob((/** @type {Blob} */ blob) => saveAs(blob, file), "image/png");
  }

  /** @param {number} dx @param {number} dy shares of what is seen */
  function move(dx, dy) {
    const half = 0.5 / viewport.zoom;
    const inside = (/** @type {number} */ value) => Math.min(1 - half, Math.max(half, value));
    viewport.x = inside(viewport.x + dx / viewport.zoom);
    viewport.y = inside(viewport.y + dy / viewport.zoom);
    paint();
  }

  /** @param {KeyboardEvent} event */
  function moveByKey(event) {
    if (event.target !== grid) return;
    /** @type {Record<string, [number, number]>} */
    const steps = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
    const step = steps[event.key];
    const by = { "+": 0.5, "=": 0.5, "-": -0.5 }[event.key];
    if (step && viewport.zoom > 1) move(...step);
    else if (by) zoom.set(Math.min(MOST_ZOOM, Math.max(1, viewport.zoom + by)));
    else return;
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  function drag(event) {
    const canvas = /** @type {HTMLElement} */ (event.target);
    if (event.buttons !== 1 || viewport.zoom === 1 || canvas.tagName !== "CANVAS") return;
    move(-event.movementX / canvas.clientWidth, -event.movementY / canvas.clientHeight);
  }

  return {
    element,
    look,
    paint,
    /** Another image, or other models: what is shown holds no more. @param {Model[]} ones */
    reset(ones) {
      turn++;
      models = ones;
      pictures = [];
      grid.replaceChildren();
      Object.assign(viewport, { x: 0.5, y: 0.5 });
      zoom.set(1);
      element.hidden = controls.hidden = true;
      status.textContent = "";
      status.className = "hint";
      ready();
    },
    /** @param {boolean} answered */
    offer(answered) {
      element.hidden = !answered;
    },
  };
}

/** The largest absolute contribution. @param {{map: import("./heatmap.js").HeatMap}[]} maps */
function strongestOf(maps) {
  return Math.max(1e-9, ...maps.flatMap(({ map }) => map.contributions.map(Math.abs)));
}

/** @param {any} explanation an answer of `POST /explain` @param {Model} model */
function mapsOf(explanation, model) {
  const { grid, contributions, class_activation } = explanation;
  return [
    { model, method: "occlusion", map: { grid, contributions } },
    ...(class_activation ? [{ model, method: "class_activation", map: class_activation }] : []),
  ];
}

/** @param {number} share */
function percentOf(share) {
  return percent(share, 0);
}

/** @param {string} id @param {string} label @param {boolean} checked @param {() => void} onchange */
function checkbox(id, label, checked, onchange) {
  const input = h("input", { id, type: "checkbox", checked, onchange });
  return { input, element: h("label.check", { for: id }, input, ` ${label}`) };
}
