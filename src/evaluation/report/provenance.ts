/** @module How the model was made: training, network, data, settings. */
import { existsSync } from "node:fs";
import { readJson, SafetensorsFile, sizeOf } from "../../files/index";
import { architectureFigure, type LayerBox, learningCurves, learningRateFigure } from "../../plots/index";
import { bestEpoch, type RunResults } from "../run-results";
import type { ReportFacts } from "./facts";
import { escapeHtml, paragraph, type Section, table } from "./html";

export async function trainingSection({ results }: ReportFacts): Promise<Section | undefined> {
  const { history, config } = results;
  const layers = await readLayers(results);
  if (history.length === 0 && layers.length === 0) return undefined;
  const best = bestEpoch(results);
  const metric = config.monitor && config.monitor !== "loss" ? config.monitor : "rocAuc";
  const rates = new Set(history.map(({ learningRate }) => learningRate));
  const seconds = history.reduce((sum, line) => sum + (line.seconds ?? 0), 0);
  return {
    id: "training",
    title: "Training",
    blocks: [
      ...(layers.length > 0
        ? [
            {
              figure: architectureFigure(layers),
              caption: "Height: logarithm of a layer's output size; darker: more of the weights.",
            },
          ]
        : []),
      ...(history.length > 0
        ? [
            {
              figure: learningCurves(history, { metric, ...(best !== undefined && { bestEpoch: best }) }),
              caption:
                "The weights of the marked epoch were kept. Training values are measured while training, with augmentation and dropout.",
            },
            paragraph(`${history.length} epochs${seconds > 0 ? `, ${seconds.toFixed(0)} s of training` : ""}.`),
          ]
        : []),
      ...(rates.size > 1
        ? [{ figure: learningRateFigure(history), caption: "Learning rate at the end of each epoch." }]
        : []),
    ],
  };
}

interface KerasLayer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly name: string };
}

/** The layers as boxes: names and sizes from the topology, weights counted from the weight file's header. */
async function readLayers({ directory }: RunResults): Promise<LayerBox[]> {
  if (!existsSync(directory.topology) || !existsSync(directory.bestWeights)) return [];
  try {
    const topology = await readJson<{ config?: { layers?: KerasLayer[] } | KerasLayer[] }>(directory.topology);
    const layers = Array.isArray(topology.config) ? topology.config : (topology.config?.layers ?? []);
    const file = await SafetensorsFile.open(directory.bestWeights);
    const counts = new Map<string, number>();
    for (const { name, shape } of file.entries()) {
      const layer = name.slice(0, name.lastIndexOf("/"));
      counts.set(layer, (counts.get(layer) ?? 0) + sizeOf(shape));
    }
    await file.close();
    return layers.filter(({ class_name }) => DRAWN.test(class_name)).map((layer) => boxOf(layer, counts));
  } catch {
    // A topology of another kind: the report does without the drawing.
    return [];
  }
}

/** Layers that reshape, drop or activate are left out of the drawing. */
const DRAWN =
  /^(InputLayer|.*Dense|.*Conv2D|.*Pooling2D|Subspace.*|LayerNormalization|BatchNormalization|.*Attention.*)$/;

function boxOf({ class_name, config }: KerasLayer, counts: ReadonlyMap<string, number>): LayerBox {
  const input = (config.batch_input_shape ?? config.batchInputShape) as (number | null)[] | undefined;
  const shape = class_name === "InputLayer" && input ? input.slice(1).map(Number) : [];
  const size = shape.length > 0 ? sizeOf(shape) : Number(config.units ?? config.filters ?? config.rank ?? 0);
  const activation =
    typeof config.activation === "string" && config.activation !== "linear" ? ` ${config.activation}` : "";
  return {
    name: config.name,
    kind: class_name === "InputLayer" ? "input" : `${class_name}${activation}`,
    output: shape.length > 0 ? shape.join(" × ") : size > 0 ? String(size) : config.name,
    size,
    parameters: counts.get(config.name) ?? 0,
  };
}

/** Settings that say little to a reader, or that stand elsewhere in the report. */
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
  const independence =
    "Images of one patient or slide are not independent; where a set has several of them, true intervals are wider than those shown.";
  return {
    id: "provenance",
    title: "Data, settings and limits",
    blocks: [
      table(
        ["Data", ""],
        data.map(([name, value]) => [name, escapeHtml(value)]),
      ),
      ...(settings.length > 0
        ? [`<details><summary>All settings</summary>${table(["Setting", "value"], settings)}</details>`]
        : []),
      paragraph(
        `Measures equal scikit-learn's definitions; ${main.name} images were used for nothing but this report. ${independence} ` +
          "Research use only: this model is not a medical device and must not guide the care of patients.",
      ),
    ],
  };
}
