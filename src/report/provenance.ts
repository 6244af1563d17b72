/** @module The sections on training, network, data and settings. */
import { monitorOf } from "../evaluation/index";
import { counted } from "../format/index";
import { escapeHtml, paragraph, table } from "../html/index";
import type { ReportFacts } from "./facts";
import type { TrainingFigures } from "./figures";
import type { Block, Section } from "./section";
import { trainingWords } from "./training-words";

export function trainingSection({ results }: ReportFacts, figures: TrainingFigures): Section | undefined {
  const { history, config } = results;
  const seconds = history.reduce((sum, line) => sum + (line.seconds ?? 0), 0);
  const blocks: Block[] = [];
  if (figures.architecture) {
    const caption = "Height: logarithm of a layer's output size; darker: more of the weights.";
    blocks.push({ figure: figures.architecture, caption });
  }
  if (figures.learningCurves) {
    const caption =
      "The weights of the marked epoch were kept. Training values are measured while training, with augmentation and dropout.";
    blocks.push({ figure: figures.learningCurves, caption });
  }
  if (figures.learningRate) {
    blocks.push({ figure: figures.learningRate, caption: "Learning rate at the end of each epoch." });
  }
  if (history.length > 0) {
    blocks.push(
      paragraph(`${counted(history.length, "epoch")}${seconds > 0 ? `, ${seconds.toFixed(0)} s of training` : ""}.`),
    );
  }
  const remarks = trainingWords(history, monitorOf(config.monitor ?? "rocAuc", config.monitorMode));
  blocks.push(...remarks.map((text) => `<p class="caution">${text}</p>`));
  return blocks.length > 0 ? { id: "training", title: "Training", blocks } : undefined;
}

/** Settings that are uninformative or shown elsewhere in the report. */
const HIDDEN = new Set(["name", "classes", "preprocessing", "notes", "tiles", "threshold", "thresholdRule"]);

export function provenanceSection({ results, main }: ReportFacts): Section {
  const { config, classes } = results;
  const data: [string, string][] = [
    ["Data set", config.data ?? "not named"],
    ["Classes", `${classes[0]} (negative), ${classes[1]} (positive)`],
    ...(config.tiles
      ? [
          [
            "Images",
            `${config.tiles.train} train, ${config.tiles.validation} validation, ${config.tiles.test} test`,
          ] as [string, string],
        ]
      : []),
    ...(config.contentHash ? [["Hash of the pixels", config.contentHash] as [string, string]] : []),
    ...(config.preprocessing ? [["Preprocessing", JSON.stringify(config.preprocessing)] as [string, string]] : []),
    ...(config.notes ?? []).map((note): [string, string] => ["Note", note]),
  ];
  const settings = Object.entries(config)
    .filter(([name]) => !HIDDEN.has(name) && name !== "data" && name !== "contentHash")
    .map(([name, value]) => [escapeHtml(name), escapeHtml(typeof value === "string" ? value : JSON.stringify(value))]);
  const use =
    main.name === "test"
      ? "test images were used for nothing but this report."
      : "the validation images of this report also chose the epoch and the threshold.";
  const independence =
    "Images of one patient or slide are not independent; where a set has several of them, true intervals are wider than those shown.";
  return {
    id: "provenance",
    title: "Data, settings and limits",
    blocks: [
      table(
        ["Data", "value"],
        data.map(([name, value]) => [name, escapeHtml(value)]),
      ),
      ...(settings.length > 0
        ? [`<details><summary>All settings</summary>${table(["Setting", "value"], settings)}</details>`]
        : []),
      paragraph(
        `Measures equal scikit-learn's definitions; ${use} ${independence} ` +
          "Research use only: this model is not a medical device and must not guide the care of patients.",
      ),
    ],
  };
}
