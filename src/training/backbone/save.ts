/** @module Saves a head on backbones as a model on pixels, with copies of the backbones. */
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Preprocessing } from "../../image/index";
import { applyLayer, ColourFeatures, copyWeights, mlpOnFeatures, OnnxBackbone, saveModel } from "../../models/index";
import type { TrainingOptions } from "../../options/index";
import type { RunDirectory } from "../../runs/index";
import { tf } from "../../tensorflow/index";
import type { ColourMeasures } from "../colour-measures";
import { scalingWeights } from "../rows";
import type { BackboneFeatures } from "./features";

interface HeadOnBackbones {
  readonly options: TrainingOptions;
  readonly hidden: readonly number[];
  readonly parts: readonly BackboneFeatures[];
  readonly colour: ColourMeasures | undefined;
  readonly preprocessing: Preprocessing;
  /** The trained head. */
  readonly model: tf.LayersModel;
}

/** Writes the topology, the weights and the files of the backbones into a run. */
export async function saveOnBackbones(run: RunDirectory, network: HeadOnBackbones): Promise<void> {
  const { options, hidden, parts, colour, preprocessing, model } = network;
  const { mean, std } = preprocessing;
  const input = tf.input({ shape: [options.size, options.size, 3], name: "pixels" });
  const scalings: (readonly [string, Float32Array])[] = [];
  const columns: tf.SymbolicTensor[] = [];
  for (const [i, { backbone, embeddings, scaling }] of parts.entries()) {
    const name = i === 0 ? "backbone" : `backbone_${i}`;
    const frozen = new OnnxBackbone({
      name,
      file: await copyBackbone(backbone, dirname(run.topology), i),
      features: embeddings.width,
      mean,
      std,
      sha256: backbone.description.sha256,
      output: backbone.description.outputIndex,
      ...embeddings.form,
      normalMean: backbone.normalization.mean,
      normalStd: backbone.normalization.std,
    });
    columns.push(applyLayer(frozen, input));
    scalings.push(...scalingWeights(name, scaling));
  }
  if (colour) {
    columns.push(applyLayer(new ColourFeatures({ mean, std, name: "colour" }), input));
    scalings.push(...scalingWeights("colour", colour.scaling));
  }
  const together = () => tf.layers.concatenate({ name: "features" }).apply(columns) as tf.SymbolicTensor;
  let x = columns.length > 1 ? together() : (columns[0] as tf.SymbolicTensor);
  const width = x.shape.at(-1) as number;
  for (const layer of mlpOnFeatures(width, { ...options, hidden }).layers.slice(1)) x = applyLayer(layer, x);
  const whole = tf.model({ inputs: input, outputs: x, name: "backbone" });
  copyWeights(model, whole, new Map(scalings));
  await saveModel(whole, run);
  whole.dispose();
}

/** Copies a backbone. Each after the first gets its own folder, because their weight files may have the same names. */
async function copyBackbone(
  { file, description }: BackboneFeatures["backbone"],
  folder: string,
  place: number,
): Promise<string> {
  const copy = join(folder, ...(place === 0 ? [] : [`backbone-${place}`]), "backbone.onnx");
  await mkdir(dirname(copy), { recursive: true });
  await copyFile(file, copy);
  for (const name of description.weightFiles) {
    const weights = join(dirname(copy), name);
    await mkdir(dirname(weights), { recursive: true });
    await copyFile(join(dirname(file), name), weights);
  }
  return relative(folder, copy).replaceAll("\\", "/");
}
