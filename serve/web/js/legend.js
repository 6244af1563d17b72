/** @module What the colours of one method's heat maps mean, and the field that changes it. */
import { h } from "./dom.js";
import { drawScale, logitsText, roundedUp } from "./heat-map-drawing.js";

export const FONT = "system-ui, sans-serif";

/** How far below the scale's end the strongest part is hard to see. */
const FAINT = 0.2;

/**
 * Ends of the scales in logits by method; they stay the same from tile to tile until they are changed.
 * @type {Record<string, number>}
 */
const ends = {};

/**
 * The legend of a method's heat maps. The first one of a method gets a scale that holds its maps.
 * @param {{method: string, name: string, strongest: number, classes: string[], change: () => void}} options
 * `strongest`: the largest absolute contribution that is shown
 */
export function scaleLegend({ method, name, strongest, classes, change }) {
  const id = `scale-${method}`;
  const input = h("input", { id, type: "number", min: 0, step: "any", onchange: () => take(Number(input.value)) });
  const bar = h("canvas.scale", { width: 360, height: 52, role: "img" });
  const note = h("p.hint", { role: "status" });
  const label = `Scale of ${name.toLowerCase()}`;
  const fit = { "aria-label": `Fit to this tile: ${label.toLowerCase()}`, onclick: () => take(roundedUp(strongest)) };
  const element = h(
    "div.legend",
    h("label", { for: id }, `${label}, ± logits`),
    h("div.row", input, h("button.quiet", fit, "Fit to this tile")),
    bar,
    note,
  );
  ends[method] ??= roundedUp(strongest);

  /** @param {number} end */
  function take(end) {
    if (end > 0) ends[method] = end;
    change();
  }

  return {
    element,
    /** @param {{opacity: number, colours: import("./heatmap.js").Colours}} look as the heat maps have it */
    draw(look) {
      const scale = scaleOf(method);
      input.value = String(Number(scale.toPrecision(3)));
      const context = bar.getContext("2d");
      context.clearRect(0, 0, bar.width, bar.height);
      const ink = getComputedStyle(bar).color;
      drawScale(context, { x: 2, y: 0, width: bar.width - 4, scale, classes, ink, font: FONT, ...look });
      const [from, to] = [-scale, scale].map((end) => logitsText(end, scale));
      const words = `from ${from}, speaks for ${classes[0]}, to ${to} logits, speaks for ${classes[1]}`;
      bar.setAttribute("aria-label", `${label} ${words}`);
      const told = logitsText(strongest, strongest).slice(1);
      note.textContent =
        strongest > scale * 1.0001
          ? `Parts beyond the scale have its end colour; the strongest has ${told} logits.`
          : strongest < scale * FAINT
            ? `All parts are faint on this scale; the strongest has ${told} logits.`
            : "";
    },
  };
}

/** The end of a method's scale, in logits. @param {string} method */
export function scaleOf(method) {
  return ends[method] ?? 1;
}
