/** @module The sections on training (with warnings if it was too short or too long), network, data and settings. */
import { bestByMonitor, type EpochLine, type Monitor, measureName, monitored, monitorOf } from "../evaluation/index";
import { counted, decimal, escapeHtml, paragraph, seconds, shortNumber, table } from "../format/index";
import type { Block, ReportFacts, Section } from "./facts";
import type { TrainingFigures } from "./figures";

export function trainingSection({ results }: ReportFacts, figures: TrainingFigures): Section | undefined {
  const { history, config } = results;
  const duration = history.reduce((sum, line) => sum + (line.seconds ?? 0), 0);
  const captions = {
    architecture: "Height: logarithm of a layer's output size; stronger colour: more of the weights.",
    learningCurves:
      "The weights of the marked epoch were kept. Training values are measured while training, with augmentation and dropout.",
    learningRate: "Learning rate at the end of each epoch.",
  } as const;
  const length = `${counted(history.length, "epoch")}${duration > 0 ? `, ${seconds(duration)} of training` : ""}.`;
  const remarks = trainingWords(history, monitorOf(config.monitor ?? "rocAuc", config.monitorMode));
  const blocks: Block[] = [
    ...(Object.keys(captions) as (keyof typeof captions)[]).flatMap((name) => {
      const figure = figures[name];
      return figure ? [{ figure, caption: captions[name] }] : [];
    }),
    ...(history.length > 0 ? [paragraph(length)] : []),
    ...remarks.map((text) => `<p class="caution">${text}</p>`),
  ];
  return blocks.length > 0 ? { id: "training", title: "Training", blocks } : undefined;
}

/** Settings that are uninformative or shown elsewhere in the report. */
const HIDDEN = new Set(["name", "classes", "preprocessing", "notes", "tiles", "threshold", "thresholdRule"]);

export function provenanceSection({ results, main }: ReportFacts): Section {
  const { config, classes } = results;
  const { tiles, contentHash, preprocessing, notes = [] } = config;
  const data: (readonly [name: string, value: string | undefined])[] = [
    ["Data set", config.data ?? "not named"],
    ["Classes", `${classes[0]} (negative), ${classes[1]} (positive)`],
    ["Images", tiles && `${tiles.train} train, ${tiles.validation} validation, ${tiles.test} test`],
    ["Hash of the pixels", contentHash],
    [
      "Preprocessing",
      preprocessing &&
        JSON.stringify(preprocessing, (_, value) => (typeof value === "number" ? Number(shortNumber(value)) : value)),
    ],
    ...notes.map((note) => ["Note", note] as const),
  ];
  const settings = Object.entries(config)
    .filter(([name]) => !HIDDEN.has(name) && name !== "data" && name !== "contentHash")
    .map(([name, value]) => [escapeHtml(name), escapeHtml(typeof value === "string" ? value : JSON.stringify(value))]);
  const use =
    main.name === "test"
      ? "test images were used for nothing but this report."
      : "the validation images of this report also chose the epoch and the threshold.";
  const independence = main.groups
    ? `Images of one patient or slide are not independent: intervals and tests count the ${counted(new Set(main.groups).size, "group")} of the images.`
    : "Images of one patient or slide are not independent; where a set has several of them, true intervals are wider than those shown.";
  return {
    id: "provenance",
    title: "Data, settings and limits",
    blocks: [
      table(
        ["Data", "value"],
        data.flatMap(([name, value]) => (value === undefined ? [] : [[name, escapeHtml(value)]])),
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

const LOSS: Monitor = { metric: "loss", mode: "min" };
/** A notable rise of the loss: by this factor, over at least this many epochs and this share of all epochs. */
const ROSE = { by: 1.05, epochs: 2, share: 0.2 };

/** Sentences about the epoch whose weights were kept; none if it needs no remark. */
export function trainingWords(history: readonly EpochLine[], monitor: Monitor): string[] {
  const best = bestByMonitor(history, monitor);
  const lowest = bestByMonitor(history, LOSS);
  const last = history.at(-1);
  if (!best || !lowest || !last || history.length < 2) return [];
  return [
    ...(best === last
      ? [
          `The best epoch was the last one (${last.epoch}): the model was still getting better, so train for more epochs.`,
        ]
      : []),
    ...(monitor.metric === "loss" ? [] : risen(lowest, best, history.length, monitor.metric)),
  ];
}

function risen(lowest: EpochLine, best: EpochLine, epochs: number, metric: string): string[] {
  const [low, kept] = [monitored(lowest, LOSS), monitored(best, LOSS)];
  const later = best.epoch - lowest.epoch;
  if (later < Math.max(ROSE.epochs, ROSE.share * epochs) || !(kept > ROSE.by * low)) return [];
  return [
    `Validation loss was lowest ${counted(later, "epoch")} before the kept one: ${decimal(low)} at epoch ${lowest.epoch}, ` +
      `${decimal(kept)} at epoch ${best.epoch}. The kept epoch is the best by ${escapeHtml(measureName(metric))}; its probabilities are further off ` +
      "than they were. Where probabilities matter, train with <code>--monitor loss</code>.",
  ];
}
