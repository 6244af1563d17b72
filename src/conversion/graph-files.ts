/** @module Writes the network of a trained run as `model.onnx` and `model.onnx.data`, also for the mean of eight views. */
import { join } from "node:path";
import { SafetensorsFile, sha256, sizeOf, writeFileAtomically } from "../files/index";
import { ExternalData, GraphBuilder } from "../onnx/index";
import { Conversion, convertLayers, type Value } from "./conversion";
import { converters } from "./converters/index";
import { foldableProjections } from "./folding";
import type { LinearWriter } from "./linear";
import type { TrainedRun } from "./run-tiles";

export const GRAPH_FILE = "model.onnx";
/** Name of the graph's input: raw pixels, uint8 [n, size, size, 3]. */
export const INPUT_NAME = "pixels";
/** Name of the graph's output: float32 [n, 1]. */
export const OUTPUT_NAME = "logit";

/** The files that were written. */
export interface GraphFiles {
  /** SHA-256 by file name. */
  readonly files: Readonly<Record<string, string>>;
  /** Parameters of the trained network. */
  readonly parameters: number;
  /** Weights in the graph that are stored in 8 or 4 bits. */
  readonly roundedWeights: number;
}

export interface GraphOptions {
  /** Write a projection and the dense layer after it as one dense layer on pixels. */
  readonly foldProjection?: boolean | undefined;
  /** Called with the bytes of weights written so far. May throw to stop. */
  readonly onBytes?: ((done: number) => void) | undefined;
}

/** Writes the graph into an existing directory, in slices. @param writer the precision of linear maps */
export async function writeGraphFiles(
  { files, layers, config }: TrainedRun,
  directory: string,
  writer: LinearWriter,
  { foldProjection = false, onBytes = () => undefined }: GraphOptions = {},
): Promise<GraphFiles> {
  const weights = await SafetensorsFile.open(files.bestWeights);
  const external = new ExternalData(directory, `${GRAPH_FILE}.data`, onBytes);
  try {
    const graph = new GraphBuilder(external);
    const { mean, std } = config.preprocessing;
    const pixels = { scale: std.map((s) => 1 / (255 * s)), shift: mean.map((m, i) => -m / (std[i] as number)) };
    const isAveraged = (config.views ?? 1) > 1;
    const name = isAveraged ? await allViews(graph, INPUT_NAME) : INPUT_NAME;
    const input: Value = { name, shape: layers.inputShape, pixels };
    const projections = foldProjection ? foldableProjections(layers) : new Set<string>();
    const convert = (folded: Conversion["folded"]) => new Conversion(graph, weights, writer, folded, projections);
    const output = await convertLayers(layers, input, converters, convert);
    graph.name(isAveraged ? await meanOfViews(graph, output.name) : output.name, OUTPUT_NAME);
    const bytes = await graph.encode(
      [{ name: INPUT_NAME, type: "uint8", shape: ["n", ...layers.inputShape] }],
      [{ name: OUTPUT_NAME, type: "float32", shape: ["n", 1] }],
      { classes: config.classes.join(","), threshold: String(config.threshold ?? 0.5) },
    );
    await writeFileAtomically(join(directory, GRAPH_FILE), bytes);
    const dataHash = await external.close();
    const parameters = weights.entries().reduce((total, { shape }) => total + sizeOf(shape), 0);
    const written = { [GRAPH_FILE]: sha256(bytes), ...(dataHash && { [external.fileName]: dataHash }) };
    return { files: written, parameters, roundedWeights: graph.roundedWeights };
  } finally {
    await external.abort();
    await weights.close();
  }
}

const VIEWS = 8;

/** All views [8 n, h, w, c] of images [n, h, w, c], view after view, as `dihedral` of the image room makes them. */
async function allViews(graph: GraphBuilder, images: string): Promise<string> {
  const mirrored = (name: string, axis: number) => graph.slice(name, axis, -1, Number.MIN_SAFE_INTEGER, -1);
  const views: string[] = [];
  for (const upright of [images, graph.transpose(images, [0, 2, 1, 3])]) {
    const rows = await mirrored(upright, 1);
    views.push(upright, await mirrored(upright, 2), rows, await mirrored(rows, 2));
  }
  return graph.concat(views, 0);
}

/** The mean [n, 1] over the views of logits [8 n, 1], with operators that have the same meaning in every operator set. */
async function meanOfViews(graph: GraphBuilder, logits: string): Promise<string> {
  const byView = await graph.reshape(logits, [VIEWS, -1]);
  const weights = await graph.floats("views/weights", [1, VIEWS], new Float32Array(VIEWS).fill(1 / VIEWS));
  return graph.reshape(graph.node("MatMul", [weights, byView]), [-1, 1]);
}
