/** @module The loaded models: what they are, how good they are, how they were trained. */
import { info } from "./api.js";
import { count, h, intro, svg, table } from "./dom.js";
import { historyFigures, judgementFigures, rocFigure } from "./model-figures.js";
import { thresholdField } from "./result.js";
import { curvesOf } from "./thresholds.js";

const METRICS = [
  ["rocAuc", "ROC AUC"],
  ["prAuc", "PR AUC"],
  ["balancedAccuracy", "Balanced accuracy"],
  ["accuracy", "Accuracy"],
  ["recall", "Recall (sensitivity)"],
  ["specificity", "Specificity"],
  ["precision", "Precision"],
  ["f1", "F1"],
  ["brier", "Brier score"],
  ["expectedCalibrationError", "Calibration error"],
];

/** @returns {Promise<HTMLElement>} */
export async function view() {
  const { models } = await info();
  const curves = await Promise.all(models.map((/** @type {any} */ { name }) => curvesOf(name)));
  return h(
    "div",
    intro(
      "Models",
      "The loaded models, and how well they did on images they had never seen. Ranges are 95 % intervals.",
    ),
    models.length > 1 && comparison(models, curves),
    ...models.map((/** @type {any} */ model, /** @type {number} */ i) => modelCard(model, curves[i], `model-${i}`)),
  );
}

/** @param {any[]} models @param {any[]} curves */
function comparison(models, curves) {
  const partition = models.some((model) => model.metrics?.test) ? "test" : "validation";
  const drawn = models
    .map((model, i) => ({ model, roc: curves[i]?.partitions?.[partition]?.roc }))
    .filter(({ roc }) => roc);
  const columns = models.map(({ name, metrics, parameters }) => ({
    head: h("th.number.long", { scope: "col" }, name),
    metrics: metrics?.[partition],
    last: parameters ? count(parameters) : "–",
  }));
  const scrolls = { tabindex: 0, role: "region", "aria-label": "Comparison" };
  const title = h("h2", `Side by side on ${partition}`);
  return h(
    drawn.length > 0 ? "div.grid.spaced" : "div.spaced",
    h("section.card", title, h("div.scroll", scrolls, metricsTable(columns, "Parameters"))),
    drawn.length > 0 &&
      rocFigure(
        `ROC on ${partition}`,
        drawn.map(({ model, roc }) => [model.name, roc]),
      ),
  );
}

/** @param {{ drawn: boolean, tiles: Record<string, number>, pretrained?: { name: string }[] }} training */
function trainedOn({ drawn, tiles, pretrained = [] }) {
  const parts = Object.entries(tiles).map(([partition, number]) => `${count(number)} ${partition}`);
  const before = pretrained.length > 0 ? `, beside ${pretrained.map(({ name }) => name).join(", ")}` : "";
  return `${drawn ? "drawn tiles, no tissue" : "tiles"} (${parts.join(", ")})${before}`;
}

/** @param {any} model @param {any} curves @param {string} id */
function modelCard(model, curves, id) {
  const threshold = thresholdField(model, id);
  addEventListener("thresholdchange", () => threshold.follow());
  const partitions = Object.keys(model.metrics ?? {}).filter((name) => typeof model.metrics[name] === "object");
  return h(
    "section.card",
    { "aria-label": `Model ${model.name}` },
    h("h2.long", model.name, model.variant && h("span.badge", model.variant)),
    model.architecture && architecture(model),
    h(
      "div.grid",
      h(
        "div",
        h("h3", "What it is"),
        h(
          "table.meta",
          h(
            "tbody",
            ...[
              ["Classes", model.classes.join(" against ")],
              ["Threshold", String(Number(model.threshold.toPrecision(3)))],
              ["Input", `${model.input.size} × ${model.input.size} pixels`],
              ...(model.trained_on ? [["Trained on", trainedOn(model.trained_on)]] : []),
              ["Parameters", model.parameters ? count(model.parameters) : "unknown"],
              ["Loaded in", `${model.load_time.toFixed(2)} s`],
              ["SHA-256", model.sha256],
            ].map(([name, text]) => h("tr", h("th", { scope: "row" }, name), h("td", text))),
          ),
        ),
        threshold,
      ),
      partitions.length > 0 && goodness(model, partitions),
    ),
    curves?.history && h("div.grid", ...historyFigures(curves.history)),
    curves && h("div.grid", ...judgementFigures(curves.partitions, model)),
  );
}

/** @param {any} model @param {string[]} partitions */
function goodness(model, partitions) {
  const columns = partitions.map((name) => ({
    head: h("th.number", { scope: "col" }, name),
    metrics: model.metrics[name],
    last: String(model.metrics[name].n ?? "–"),
  }));
  return h("div", h("h3", "How good it is"), metricsTable(columns, "Images"));
}

/** A row for each metric, and a last one of what the columns have for it. @param {{head: Node, metrics: any, last: string}[]} columns @param {string} last */
function metricsTable(columns, last) {
  const row = (/** @type {string} */ label, /** @type {string[]} */ cells) =>
    h("tr", h("th", { scope: "row" }, label), ...cells.map((cell) => h("td.number", cell)));
  const rows = METRICS.map(([key, label]) =>
    row(
      label,
      columns.map(({ metrics }) => value(metrics, key)),
    ),
  );
  const end = row(
    last,
    columns.map((column) => column.last),
  );
  return table([h("th", { scope: "col" }, "Metric"), ...columns.map(({ head }) => head)], [...rows, end]);
}

/** With word joiners, so that no line ends within an interval. */
const DASH = "\u2060–\u2060";

/** A metric with its interval where there is one. @param {any} metrics @param {string} key */
function value(metrics, key) {
  const number = metrics?.[key];
  if (typeof number !== "number") return "–";
  const interval = metrics[`${key}Ci95`];
  return `${number.toFixed(3)}${interval ? ` (${interval[0].toFixed(2)}${DASH}${interval[1].toFixed(2)})` : ""}`;
}

/**
 * Layers as columns, taller for more units. The weights between them are told only where they are those of the served
 * model: a compact one has fewer.
 * @param {{architecture: string, parameters: number | null, variant: string | null}} model `architecture` such as `150528-2352-294-1`
 */
function architecture({ architecture: text, parameters, variant }) {
  const units = text
    .split(/\D+/)
    .map(Number)
    .filter((n) => n > 0);
  if (units.length < 2 || !/^[\d-]+$/.test(text)) return h("p.hint.architecture-text", text);
  const dense = units.slice(1).reduce((sum, n, i) => sum + n * (units[i] + 1), 0);
  const areServed = parameters === null || Math.abs(parameters - dense) <= 0.01 * dense;
  const step = 130;
  const width = step * units.length;
  const height = (/** @type {number} */ n) => 16 + (104 * Math.log(n + 1)) / Math.log(Math.max(...units) + 1);
  const children = [];
  units.forEach((n, i) => {
    const [x, half] = [step * i + step / 2, height(n) / 2];
    const next = units[i + 1];
    if (next) {
      for (const side of [-1, 1]) {
        children.push(
          svg("line", { x1: x + 13, y1: 70 + side * half, x2: x + step - 13, y2: 70 + (side * height(next)) / 2 }),
        );
      }
      const weights = svg("text", { x: x + step / 2, y: 74, "text-anchor": "middle", class: "faint" }, count(n * next));
      if (areServed) children.push(weights);
    }
    children.push(svg("rect", { x: x - 13, y: 70 - half, width: 26, height: 2 * half, rx: 6 }));
    const label = i === 0 ? "pixels" : i === units.length - 1 ? "logit" : "hidden";
    children.push(svg("text", { x, y: 150, "text-anchor": "middle" }, n.toLocaleString("en")));
    children.push(svg("text", { x, y: 166, "text-anchor": "middle", class: "faint" }, label));
  });
  const drawing = svg(
    "svg",
    {
      class: "architecture",
      viewBox: `0 0 ${width} 172`,
      role: "img",
      "aria-label": `Layers of ${units.join(", ")} units${areServed ? "; between them the number of weights" : ""}`,
    },
    ...children,
  );
  return h(
    "div",
    h("div.scroll", { tabindex: 0, role: "group", "aria-label": "Architecture" }, drawing),
    !areServed &&
      h(
        "p.hint.spaced",
        `The network as it was trained, with ${count(dense)} parameters; this ${variant ?? "smaller"} variant has ${count(parameters ?? 0)}.`,
      ),
  );
}
