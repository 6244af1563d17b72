/** @module Exports a training run as a model directory: `model.onnx`, `model.onnx.data`, `model.json`, `golden.png`. */
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { SafetensorsFile, sha256, sizeOf, writeFileAtomically, writeJson } from "../files/index";
import { encodePng } from "../image/encode";
import { type Progress, silentProgress } from "../progress/index";
import { Conversion, convertLayers, type Value } from "./conversion";
import { converters } from "./converters/index";
import { writeDirectory } from "./directory";
import { ExternalData } from "./external-data";
import { goldenPixels } from "./golden";
import { GraphBuilder } from "./graph";
import { floatWriter, type LinearWriter } from "./linear";
import type { ModelCard } from "./model-card";
import { modelSha256 } from "./model-directory";
import { readTrainedRun, type TrainedRun } from "./run";
import { GraphSession } from "./session";

export type Variant = "fp32" | "int8" | "compact";

export interface ExportOptions {
  /** Run directory. */
  readonly run: string;
  /** Directory to make. */
  readonly out: string;
  readonly variant?: Variant;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** What was made. */
export interface ExportResult {
  readonly out: string;
  readonly variant: Variant;
  readonly parameters: number;
  /** Of all files together. */
  readonly bytes: number;
  readonly sha256: string;
  readonly seconds: number;
}

const GRAPH_FILE = "model.onnx";
const INPUT_NAME = "pixels";
const GOLDEN_FILE = "golden.png";
const OUTPUT_NAME = "logit";
const GOLDEN_TOLERANCE = 1e-3;

/**
 * Exports a run. The model takes raw pixels, uint8 [n, size, size, 3], named `pixels`, and gives `logit`, float32 [n, 1];
 * standardization is folded into the first linear layer. The directory appears whole or not at all.
 * @throws {InputError} codes `RUN_...`, `TOPOLOGY_UNSUPPORTED`, `LAYER_UNSUPPORTED`, `OUT_OCCUPIED`
 */
export async function exportRun(options: ExportOptions): Promise<ExportResult> {
  const started = performance.now();
  const { progress = silentProgress, variant = "fp32", signal } = options;
  const run = await readTrainedRun(options.run);
  const task = progress.start(`Export ${variant}`, 0);
  const result = await writeDirectory(options.out, async (directory) => {
    const graph = await writeGraph(run, directory, floatWriter, (done) => {
      signal?.throwIfAborted();
      task.update(done);
    });
    const card = await writeCard(run, directory, variant, graph);
    const bytes = await totalBytes(directory, card);
    return { parameters: graph.parameters, bytes, sha256: modelSha256(card.files ?? {}) };
  });
  const seconds = (performance.now() - started) / 1000;
  task.finish(`${options.out}, ${(result.bytes / 1e6).toFixed(1)} MB`);
  return { out: resolve(options.out), variant, ...result, seconds };
}

interface WrittenGraph {
  readonly files: Readonly<Record<string, string>>;
  readonly parameters: number;
}

async function writeGraph(
  run: TrainedRun,
  directory: string,
  writer: LinearWriter,
  onBytes: (done: number) => void,
): Promise<WrittenGraph> {
  const { layers, config } = run;
  const weights = await SafetensorsFile.open(run.files.bestWeights);
  const external = new ExternalData(directory, `${GRAPH_FILE}.data`, onBytes);
  try {
    const graph = new GraphBuilder(external);
    const { mean, std } = config.preprocessing;
    const pixels = { scale: std.map((s) => 1 / (255 * s)), shift: mean.map((m, i) => -m / (std[i] as number)) };
    const input: Value = { name: INPUT_NAME, shape: layers.inputShape, pixels };
    const output = await convertLayers(
      layers,
      input,
      converters,
      (folded) => new Conversion(graph, weights, writer, folded),
    );
    graph.name(output.name, OUTPUT_NAME);
    const bytes = await graph.encode(
      [{ name: INPUT_NAME, type: "uint8", shape: ["n", ...layers.inputShape] }],
      [{ name: OUTPUT_NAME, type: "float32", shape: ["n", 1] }],
      { classes: config.classes.join(","), threshold: String(config.threshold ?? 0.5) },
    );
    await writeFileAtomically(join(directory, GRAPH_FILE), bytes);
    const dataHash = await external.close();
    const parameters = weights.entries().reduce((total, { shape }) => total + sizeOf(shape), 0);
    const files = { [GRAPH_FILE]: sha256(bytes), ...(dataHash ? { [external.fileName]: dataHash } : {}) };
    return { files, parameters };
  } finally {
    await external.abort();
    await weights.close();
  }
}

/** Writes the golden image and `model.json`. The golden logit is the finished model's own answer. */
async function writeCard(
  run: TrainedRun,
  directory: string,
  variant: Variant,
  graph: WrittenGraph,
): Promise<ModelCard> {
  const { config } = run;
  const { size } = config.preprocessing;
  const pixels = goldenPixels(config.preprocessing);
  const png = await encodePng(pixels, size, size);
  await writeFileAtomically(join(directory, GOLDEN_FILE), png);
  const card: ModelCard = {
    format: "histo-model/1",
    name: config.name ?? basename(run.files.path),
    classes: config.classes,
    threshold: config.threshold ?? 0.5,
    graph: GRAPH_FILE,
    input: { name: INPUT_NAME, dtype: "uint8", layout: "NHWC" },
    output: { name: OUTPUT_NAME, kind: "logit" },
    preprocessing: config.preprocessing,
    variant,
    files: { ...graph.files, [GOLDEN_FILE]: sha256(png) },
    golden: { image: GOLDEN_FILE, logit: await answer(directory, pixels, size), tolerance: GOLDEN_TOLERANCE },
    ...(run.metrics ? { metrics: run.metrics } : {}),
    architecture: architectureOf(run),
    parameters: graph.parameters,
    source: {
      run: basename(run.files.path),
      ...(config.mlflowRunId ? { mlflowRunId: config.mlflowRunId } : {}),
      ...(config.data ? { dataset: basename(config.data) } : {}),
    },
  };
  await writeJson(join(directory, "model.json"), card);
  return card;
}

/** The written graph's logit for one image. */
async function answer(directory: string, pixels: Uint8Array, size: number): Promise<number> {
  const session = await GraphSession.open(join(directory, GRAPH_FILE));
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
  const plain = layers.nodes.every(({ className }) => !/Conv|Pooling|Normalization|Attention|Subspace/.test(className));
  if (!plain) return config.model ?? "network";
  return [sizeOf(layers.inputShape), ...dense.map((layer) => layer.config.units)].join("-");
}

async function totalBytes(directory: string, card: ModelCard): Promise<number> {
  const names = ["model.json", ...Object.keys(card.files ?? {})];
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size));
  return sizes.reduce((total, size) => total + size, 0);
}
