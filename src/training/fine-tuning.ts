/** @module Fine-tuning of a pretrained network, as a whole or in part. */
import { setImmediate } from "node:timers/promises";
import { type LiteLayer, liteLayers, liteShape, openPackagedWeights, type PackagedBackbone } from "../backbones/index";
import { InputError } from "../errors/index";
import type { RowGroups } from "../evaluation/index";
import { type SafetensorsFile, sha256 } from "../files/index";
import { type EfficientNetLiteOptions, efficientNetLite, setLogit } from "../models/index";
import type { TrainingOptions } from "../options/index";
import { tf, variableOf } from "../tensorflow/index";
import { batchesOf, type Examples } from "./batches";
import { MANY_FEATURES_PENALTIES } from "./logistic-regression";
import { fitScaling, scaled } from "./rows";
import { solvedHead } from "./solved-head";
import type { TaskContext, TrainingTask } from "./training-task";

/** The pretrained network with a logit solved on the training tiles. @throws {InputError} `BACKBONE_...`, `OPTION_RANGE` */
export async function fineTuned(
  packaged: PackagedBackbone,
  options: TrainingOptions,
  examples: TrainingTask["examples"],
  context: TaskContext,
  groups: RowGroups | undefined,
): Promise<Pick<TrainingTask, "model" | "layerRates" | "pretrained" | "stemFingerprint">> {
  const shape = liteShape(packaged);
  const weights = await openPackagedWeights(packaged);
  const { size, dropout, seed, freezeBatchNorm: keepStatistics } = options;
  const model = efficientNetLite(size, { ...shape, dropout, seed, keepStatistics });
  try {
    await loadPretrained(model, shape, weights);
    freezeLayers(model, shape.blocks.length, options.freeze);
    await solveLogit(model, examples.train, options.batch, context, groups);
  } catch (error) {
    model.dispose();
    throw error;
  } finally {
    await weights.close();
  }
  const { name, licence, source, pretraining, sha256: wheel } = packaged;
  return {
    model,
    layerRates: layerRates(model, shape.blocks.length, options.layerDecay),
    pretrained: [{ name, sha256: wheel, licence, source, pretraining }],
    stemFingerprint: sha256(wheel),
  };
}

/** 0 for the first convolution, then the blocks, the last convolution, and the logit. */
function depthOf(layer: string, blocks: number): number {
  const block = /^block_(\d+)_/.exec(layer)?.[1];
  if (block) return Number(block);
  if (layer.startsWith("stem_")) return 0;
  return layer.startsWith("top_") ? blocks + 1 : blocks + 2;
}

/** Freezes the lower layers: `none`, `all` (all but the logit) or `blocks:N` (with the first convolution). @throws {InputError} `OPTION_RANGE` */
export function freezeLayers(model: tf.LayersModel, blocks: number, freeze: TrainingOptions["freeze"]): void {
  if (freeze === "none") return;
  const count = freeze === "all" ? blocks + 1 : Number(freeze.slice("blocks:".length));
  if (freeze !== "all" && count > blocks) {
    throw new InputError("OPTION_RANGE", `--freeze ${freeze}: the network has ${blocks} blocks.`);
  }
  for (const layer of model.layers) {
    if (depthOf(layer.name, blocks) <= count) layer.trainable = false;
  }
}

/** Each variable's learning rate relative to the logit's: a factor less for each block below. @see Clark et al. 2020 (ELECTRA), appendix B */
export function layerRates(model: tf.LayersModel, blocks: number, decay: number): Map<tf.Variable, number> {
  return new Map(
    model.layers.flatMap(({ name, trainableWeights }) =>
      trainableWeights.map((weight) => [variableOf(weight), decay ** (blocks + 2 - depthOf(name, blocks))] as const),
    ),
  );
}

/** Solves logistic regression for the logit: from a solved head, lower layers change less (Kumar et al. 2022). */
async function solveLogit(
  model: tf.LayersModel,
  examples: Examples,
  batch: number,
  { progress, signal }: TaskContext,
  groups?: RowGroups,
): Promise<void> {
  const features = tf.model({
    inputs: model.inputs,
    outputs: model.getLayer("average").output as tf.SymbolicTensor,
  });
  const width = features.outputShape[1] as number;
  const source = batchesOf(examples, { size: batch });
  const values = new Float32Array(source.examples * width);
  const task = progress.start("Features to begin with", source.batches, "batches");
  for (let index = 0; index < source.batches; index++) {
    const { inputs, labels } = source.load(0, index);
    const rows = tf.tidy(() => (features.apply(inputs, { training: false }) as tf.Tensor).dataSync());
    values.set(rows, index * batch * width);
    tf.dispose([inputs, labels]);
    await setImmediate(); // lets Ctrl-C through
    signal?.throwIfAborted();
    task.update(index + 1);
  }
  task.finish();
  const scaling = fitScaling(values, width);
  const rows = scaled(values, scaling);
  const head = { x: rows, labels: examples.labels, penalties: MANY_FEATURES_PENALTIES, groups };
  const { weights, bias } = await solvedHead(head, { progress, ...(signal && { signal }) });
  const kernel = Float32Array.from(weights, (weight, i) => weight * (scaling.scale[i] as number));
  const shift = kernel.reduce((sum, weight, i) => sum + weight * (scaling.shift[i] as number), 0);
  setLogit(model, kernel, bias - shift);
}

/** @throws {InputError} `TENSOR_MISSING`, `TENSOR_SHAPE` if the weights belong to another network */
export async function loadPretrained(
  model: tf.LayersModel,
  shape: Pick<EfficientNetLiteOptions, "blocks">,
  weights: SafetensorsFile,
): Promise<void> {
  for (const layer of liteLayers(shape)) {
    assign(model, `${layer.name}_conv`, weights.path, [await kernelOf(layer, weights)]);
    const statistics: tf.Tensor[] = [];
    for (const part of ["weight", "bias", "running_mean", "running_var"]) {
      statistics.push(tf.tensor1d(await weights.read(`${layer.normalization}.${part}`)));
    }
    assign(model, `${layer.name}_norm`, weights.path, statistics);
  }
}

/** PyTorch's kernels are (out, in / group, height, width), Keras's (height, width, in, out) or (height, width, in, 1). */
async function kernelOf({ convolution, isDepthwise }: LiteLayer, weights: SafetensorsFile): Promise<tf.Tensor> {
  const name = `${convolution}.weight`;
  const values = await weights.read(name);
  return tf.tidy(() => {
    const kernel = tf.tensor(values, weights.shapeOf(name) as number[]);
    return tf.transpose(kernel, isDepthwise ? [2, 3, 0, 1] : [2, 3, 1, 0]);
  });
}

function assign(model: tf.LayersModel, name: string, path: string, values: tf.Tensor[]): void {
  const layer = model.getLayer(name);
  layer.weights.forEach(({ shape }, i) => {
    if (shape.join() === values[i]?.shape.join()) return;
    const message = `${path} belongs to another network: ${name} has shape [${values[i]?.shape}], not [${shape}].`;
    throw new InputError("TENSOR_SHAPE", message);
  });
  layer.setWeights(values);
  tf.dispose(values);
}
