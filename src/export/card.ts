/** @module Writes `model.json` and the golden example beside an exported graph. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { GRAPH_FILE, type GraphFiles, INPUT_NAME, OUTPUT_NAME, type TrainedRun } from "../conversion/index";
import { readPredictions, type ThresholdCurve, thresholdCurve } from "../evaluation/index";
import { readJson, sha256, sizeOf, writeFileAtomically, writeJson } from "../files/index";
import { encodePng, stainNormalizer } from "../image/index";
import { CARD_PAGE, cardPage, type ModelCard } from "../model-directory/index";
import { GraphSession } from "../onnxruntime/index";
import { goldenPixels } from "./golden";

const GOLDEN_FILE = "golden.png";
const FAMILIAR_FILE = "familiar.json";
/** Processors may round differently; a wrong model is further off. */
const GOLDEN_TOLERANCE = 1e-3;

/** What is known of a model beside its run. */
export type CardExtras = Pick<ModelCard, "variant" | "compression" | "verification" | "mpp">;

/** Writes the golden image and the card. The golden logit is the finished graph's own answer. */
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
  const validationCurve = await curveOf(run);
  const card: ModelCard = {
    format: "histo-model/1",
    name: config.name ?? basename(run.files.path),
    classes: config.classes,
    threshold: config.threshold ?? 0.5,
    graph: GRAPH_FILE,
    input: { name: INPUT_NAME, dtype: "uint8", layout: "NHWC" },
    output: { name: OUTPUT_NAME, kind: "logit" },
    preprocessing: config.preprocessing,
    ...(config.views && config.views > 1 && { views: config.views }),
    ...extras,
    ...(familiar && { familiar: FAMILIAR_FILE }),
    files: { ...graph.files, [GOLDEN_FILE]: sha256(png), ...(familiar && { [FAMILIAR_FILE]: sha256(familiar) }) },
    golden: {
      image: GOLDEN_FILE,
      logit: await answerOf(directory, prepared, size, extras.variant !== "fp32"),
      tolerance: GOLDEN_TOLERANCE,
    },
    ...(config.tiles && {
      trainedOn: {
        tiles: config.tiles,
        ...(config.tilesByClass && { byClass: config.tilesByClass }),
        drawn: config.drawn ?? false,
        ...(config.pretrained && { pretrained: config.pretrained }),
      },
    }),
    ...(monitor && thresholdRule && { selection: { monitor, thresholdRule } }),
    ...(existsSync(run.files.shift) && { shift: await readJson<NonNullable<ModelCard["shift"]>>(run.files.shift) }),
    ...(run.metrics && { metrics: run.metrics }),
    ...(validationCurve && { validationCurve }),
    architecture: config.architecture ?? architectureOf(run),
    parameters: graph.parameters,
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

/** Of the trained network on the run's validation images, as the metrics are. */
async function curveOf({ files }: TrainedRun): Promise<ThresholdCurve | undefined> {
  const file = files.predictions("validation");
  if (!existsSync(file)) return undefined;
  const predictions = await readPredictions(file);
  return thresholdCurve(
    predictions.map(({ label }) => label),
    predictions.map(({ probability }) => probability),
  );
}

/** The written graph's logit for one image. */
async function answerOf(directory: string, pixels: Uint8Array, size: number, prepack: boolean): Promise<number> {
  const session = await GraphSession.open(join(directory, GRAPH_FILE), { prepack, fullRangeWeights: false });
  try {
    const tensor = { type: "uint8", data: pixels, shape: [1, size, size, 3] } as const;
    return (await session.run(INPUT_NAME, tensor, OUTPUT_NAME))[0] as number;
  } finally {
    await session.close();
  }
}

/** `150528-2352-2352-294-1` for plain networks of dense layers, otherwise the model's name. */
function architectureOf({ layers, config }: TrainedRun): string {
  const dense = layers.nodes.filter(({ className }) => className === "Dense" || className === "BlockDense");
  const plain = layers.nodes.every(({ className }) => !/Conv|Pooling|Attention|Subspace/.test(className));
  if (!plain) return config.model ?? "network";
  return [sizeOf(layers.inputShape), ...dense.map((layer) => layer.config.units)].join("-");
}
