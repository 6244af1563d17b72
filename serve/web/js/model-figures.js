/** @module The figures of models: how they were trained, and how well they judge. */
import { figure } from "./charts.js";
import { counted } from "./dom.js";

/** How a measure went over the epochs. @param {any[]} history */
export function historyFigures(history) {
  const chart = (/** @type {string} */ title, /** @type {string} */ measure, /** @type {string} */ axis) =>
    figure(
      title,
      ({ negative, positive }) => {
        const line = (/** @type {string} */ part, /** @type {string} */ colour) =>
          curve(
            history.map(({ epoch }) => epoch),
            history.map((entry) => entry[part][measure]),
            { name: part, line: { color: colour } },
          );
        return {
          data: [line("train", negative), line("validation", positive)],
          layout: { xaxis: { title: "Epoch", ...wholeTicks(history.length) }, yaxis: { title: axis } },
        };
      },
      { level: "h3" },
    );
  return [chart("Loss while training", "loss", "Loss"), chart("ROC AUC while training", "rocAuc", "ROC AUC")];
}

/** Few epochs would get ticks between them. @param {number} epochs */
function wholeTicks(epochs) {
  return epochs <= 10 ? { dtick: 1 } : {};
}

/** ROC of every partition; probabilities and calibration of the last. @param {Record<string, any>} partitions @param {any} model */
export function judgementFigures(partitions, model) {
  const entries = Object.entries(partitions ?? {});
  if (entries.length === 0) return [];
  const [name, last] = entries[entries.length - 1];
  const series = entries.map(([partition, { roc }]) => /** @type {[string, any]} */ ([partition, roc]));
  return [
    rocFigure("ROC curve", series, "h3"),
    probabilityFigure(name, last.histogram, model),
    calibrationFigure(name, last.calibration),
  ];
}

/** @param {string} title @param {[string, any][]} series @param {"h2" | "h3"} [level] */
export function rocFigure(title, series, level) {
  return figure(
    title,
    ({ quiet, negative, positive, accent }) => ({
      data: [
        diagonal(quiet),
        ...series.map(([name, roc], i) =>
          curve(roc.falsePositiveRate, roc.truePositiveRate, {
            name,
            line: { color: [negative, positive, accent][i] },
          }),
        ),
      ],
      layout: { xaxis: { title: "1 − specificity", range: [0, 1] }, yaxis: { title: "Sensitivity", range: [0, 1.01] } },
    }),
    level ? { level } : {},
  );
}

/** @param {string} partition @param {number[][]} histogram by class @param {any} model */
function probabilityFigure(partition, histogram, model) {
  return figure(
    `Probabilities on ${partition}`,
    ({ negative, positive, ink }) => {
      const bins = histogram[0].map((_, i) => (i + 0.5) / histogram[0].length);
      return {
        data: model.classes.map((/** @type {string} */ name, /** @type {number} */ i) => ({
          type: "bar",
          name,
          x: bins,
          y: histogram[i],
          marker: { color: i ? positive : negative, opacity: 0.85 },
        })),
        layout: {
          barmode: "stack",
          bargap: 0.08,
          xaxis: { title: `Probability of ${model.classes[1]}`, range: [0, 1] },
          yaxis: { title: "Images" },
          shapes: [
            {
              type: "line",
              x0: model.threshold,
              x1: model.threshold,
              y0: 0,
              y1: 1,
              yref: "paper",
              line: { color: ink, width: 2, dash: "dot" },
            },
          ],
        },
      };
    },
    { level: "h3", caption: "The dotted line is the threshold; colours are the true classes." },
  );
}

/** @param {string} partition @param {{meanProbability: number, positiveShare: number, count: number}[]} bins */
function calibrationFigure(partition, bins) {
  return figure(
    `Calibration on ${partition}`,
    ({ accent, quiet }) => ({
      data: [
        diagonal(quiet),
        curve(
          bins.map(({ meanProbability }) => meanProbability),
          bins.map(({ positiveShare }) => positiveShare),
          {
            mode: "lines+markers",
            text: bins.map(({ count }) => counted(count, "image")),
            line: { color: accent },
            showlegend: false,
          },
        ),
      ],
      layout: {
        xaxis: { title: "Probability given", range: [0, 1] },
        yaxis: { title: "Share that was positive", range: [0, 1] },
      },
    }),
    { level: "h3", caption: "On the dotted line, predicted probabilities match observed frequencies." },
  );
}

/** Points joined by a line. @param {number[]} x @param {number[]} y @param {any} more what else plotly is to know */
function curve(x, y, { line, ...more }) {
  return { type: "scatter", mode: "lines", x, y, cliponaxis: false, line: { width: 2, ...line }, ...more };
}

/** What chance, or a perfect scale, would give. @param {string} color */
function diagonal(color) {
  return curve([0, 1], [0, 1], { line: { color, dash: "dot", width: 1.5 }, hoverinfo: "skip", showlegend: false });
}
