/** @module Writes `model.json` and the golden example of an exported graph. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { CARD_PAGE, cardPage } from "../card-page/index";
import {
  GRAPH_FILE,
  type GraphFiles,
  INPUT_NAME,
  logitsOfGraph,
  OUTPUT_NAME,
  type TrainedRun,
} from "../conversion/index";
import { labelsAndScores, readPredictions, type ThresholdCurve, thresholdCurve } from "../evaluation/index";
import { readJson, sha256, sizeOf, writeFileAtomically, writeJson } from "../files/index";
import { encodePng, type Preprocessing, stainNormalizer } from "../image/index";
import type { ModelCard } from "../model-directory/index";
import { BACKBONE_PREFIX } from "../options/index";
import { Random } from "../random/index";

const GOLDEN_FILE = "golden.png";
const FAMILIAR_FILE = "familiar.json";
/** Larger than rounding differences between processors, and smaller than the error of a wrong model. */
const GOLDEN_TOLERANCE = 1e-3;

/** Facts about a model that its run does not contain. */
export type CardExtras = Pick<ModelCard, "variant" | "compression" | "verification" | "mpp">;

/** Writes the golden image and the card. The golden logit is the answer of the finished graph. */
export async function writeCard(
  run: TrainedRun,
  directory: string,
  graph: GraphFiles,
  extras: CardExtras,
): Promise<ModelCard> {
  const { config } = run;
  const { monitor, thresholdRule } = config;
  const { size, stain } = config.preprocessing;
  const pixels = goldenPixels(config.preprocessing);
  const png = await encodePng(pixels, size, size);
  await writeFileAtomically(join(directory, GOLDEN_FILE), png);
  const prepared = stain ? stainNormalizer(stain)(pixels) : pixels;
  const familiar = existsSync(run.files.familiar) ? await readFile(run.files.familiar) : undefined;
  if (familiar) await writeFileAtomically(join(directory, FAMILIAR_FILE), familiar);
  const [logit = 0] = await logitsOfGraph(directory, [prepared], config, extras.variant !== "fp32");
  const validationCurve = await curveOf(run);
  const card: ModelCard = {
    format: "histo-model/1",
    name: config.name ?? basename(run.files.path),
    classes: config.classes,
    ...(config.together && { together: config.together }),
    threshold: config.threshold ?? 0.5,
    graph: GRAPH_FILE,
    input: { name: INPUT_NAME, dtype: "uint8", layout: "NHWC" },
    output: { name: OUTPUT_NAME, kind: "logit" },
    preprocessing: config.preprocessing,
    ...(config.views && config.views > 1 && { views: config.views }),
    ...extras,
    ...(familiar && { familiar: FAMILIAR_FILE }),
    files: { ...graph.files, [GOLDEN_FILE]: sha256(png), ...(familiar && { [FAMILIAR_FILE]: sha256(familiar) }) },
    golden: { image: GOLDEN_FILE, logit, tolerance: GOLDEN_TOLERANCE },
    ...(config.tiles && {
      trainedOn: {
        tiles: config.tiles,
        ...(config.tilesByClass && { byClass: config.tilesByClass }),
        ...(config.acrossPartitions && { acrossPartitions: config.acrossPartitions }),
        drawn: config.drawn ?? false,
        ...(config.pretrained && { pretrained: config.pretrained }),
      },
    }),
    ...(monitor && thresholdRule && { selection: selectionOf(run, { monitor, thresholdRule }) }),
    ...(existsSync(run.files.shift) && { shift: await readJson<NonNullable<ModelCard["shift"]>>(run.files.shift) }),
    ...(run.metrics && { metrics: run.metrics }),
    ...(validationCurve && { validationCurve }),
    architecture: config.architecture ?? architectureOf(run),
    parameters: graph.parameters,
    ...(extras.variant !== "fp32" && { roundedWeights: graph.roundedWeights }),
    source: {
      run: basename(run.files.path),
      ...(config.mlflowRunId && { mlflowRunId: config.mlflowRunId }),
      ...(config.data && { dataset: basename(config.data) }),
    },
  };
  await writeJson(join(directory, "model.json"), card);
  await writeFileAtomically(join(directory, CARD_PAGE), cardPage(card));
  return card;
}

/** The threshold curve of the trained network on the validation images, on which the metrics are based too. */
async function curveOf({ files }: TrainedRun): Promise<ThresholdCurve | undefined> {
  const file = files.predictions("validation");
  if (!existsSync(file)) return undefined;
  const predictions = await readPredictions(file);
  const { labels, scores } = labelsAndScores(predictions);
  return thresholdCurve([...labels], [...scores]);
}

function selectionOf(run: TrainedRun, { monitor, thresholdRule }: { monitor: string; thresholdRule: string }) {
  const { bestOf } = run.config;
  return { ...(isSolved(run) ? { isSolved: true as const } : { monitor }), thresholdRule, ...(bestOf && { bestOf }) };
}

/** Whether the weights are the solution of a logistic regression: a linear head on frozen backbones is not trained in epochs. */
function isSolved({ layers, config }: TrainedRun): boolean {
  return config.model?.startsWith(BACKBONE_PREFIX) === true && denseLayers(layers).length === 1;
}

function denseLayers({ nodes }: TrainedRun["layers"]) {
  return nodes.filter(({ className }) => className === "Dense" || className === "BlockDense");
}

/** `150528-2352-2352-294-1` for networks of dense layers only, otherwise the name of the model. */
function architectureOf({ layers, config }: TrainedRun): string {
  const dense = denseLayers(layers);
  const plain = layers.nodes.every(({ className }) => !/Conv|Pooling|Attention|Subspace/.test(className));
  if (!plain) return config.model ?? "network";
  return [sizeOf(layers.inputShape), ...dense.map((layer) => layer.config.units)].join("-");
}

const WAVES = 12;

/** A smooth texture, always the same, in the training set's colours: no patient's tile is published. @returns uint8, RGB, [size, size, 3] */
function goldenPixels({ size, mean, std }: Preprocessing): Uint8Array {
  const random = new Random(1, "golden");
  const waves = Array.from({ length: WAVES }, () => ({
    x: random.uniform(-9, 9),
    y: random.uniform(-9, 9),
    phase: random.uniform(0, 2 * Math.PI),
    weights: [random.normal(), random.normal(), random.normal()] as const,
  }));
  const pixels = new Uint8Array(size * size * 3);
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const heights = waves.map((wave) => Math.sin(2 * Math.PI * ((wave.x * x + wave.y * y) / size) + wave.phase));
      for (let channel = 0; channel < 3; channel++, at++) {
        const sum = waves.reduce((total, wave, i) => total + wave.weights[channel]! * heights[i]!, 0);
        const value = mean[channel]! + std[channel]! * sum * Math.sqrt(2 / WAVES);
        pixels[at] = Math.round(255 * Math.min(1, Math.max(0, value)));
      }
    }
  }
  return pixels;
}
