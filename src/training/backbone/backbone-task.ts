/** @module A head on the frozen ONNX backbones that a run's options name, trained on embeddings and saved as a model on pixels. */

import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { type Backbone, openBackbone, packagedNamed } from "../../backbones/index";
import type { Partition } from "../../dataset/index";
import { InputError } from "../../errors/index";
import { sha256 } from "../../files/index";
import type { Preprocessing } from "../../image/index";
import {
  applyLayer,
  ColourFeatures,
  copyWeights,
  mlpOnFeatures,
  OnnxBackbone,
  saveModel,
  setLogit,
} from "../../models/index";
import { OPSET } from "../../onnx/index";
import { BACKBONE_PREFIX, defaultTrainingOptions, type TrainingOptions } from "../../options/index";
import type { RunDirectory } from "../../runs/index";
import { tf } from "../../tensorflow/index";
import { featureExamples } from "../batches";
import { type ColourMeasures, measureColour } from "../colour-measures";
import type { TrainingData } from "../data";
import { type LogisticFit, MANY_FEATURES_PENALTIES } from "../logistic-regression";
import { type FeatureScaling, fitScaling, meanOf, rowsAt, scaled, scalingWeights, sideBySide } from "../rows";
import { solvedHead } from "../solved-head";
import type { TaskContext, TrainingTask } from "../training-task";
import { type Embeddings, embeddingsOf } from "./embeddings";

/**
 * A head on the features of frozen backbones, and on colours with `extraFeatures`: linear and solved exactly, or with `hidden` layers.
 * @throws {InputError} `BACKBONE_...`, `AUGMENTATION_UNKNOWN`, `OPTION_RANGE`
 */
export async function backboneTask(
  options: TrainingOptions,
  data: TrainingData,
  context: TaskContext,
): Promise<TrainingTask> {
  if (options.augment !== "none" && options.augment !== "dihedral") {
    const message = "A frozen backbone sees each tile as it is, or its eight views with --augment dihedral.";
    throw new InputError("AUGMENTATION_UNKNOWN", message);
  }
  const backbones = await openBackbones(options, context);
  checkSizes(backbones, options);
  const views = options.views > 1 || options.augment === "dihedral" ? 8 : 1;
  const parts: BackboneFeatures[] = [];
  for (const backbone of backbones) {
    parts.push(withScaling(backbone, await embeddingsOf(backbone, data, views, context), data));
  }
  const colour = options.extraFeatures === "colour" ? await measureColour(data, context) : undefined;
  const columns = (partition: Partition) => columnsOf(parts, colour, data, partition);
  const train = columns("train");
  const { width } = train;
  const isDefault = options.hidden.join() === defaultTrainingOptions.hidden.join();
  const hidden = isDefault ? [] : options.hidden;
  const head = hidden.length === 0 ? await headOn(train.views, data, options, context) : undefined;
  const model = mlpOnFeatures(width, { ...options, hidden });
  if (head) setLogit(model, head.weights, head.bias);
  const examples = (partition: Partition, { views } = columns(partition)) =>
    featureExamples(views, width, data.labels[partition], options.seed);
  return {
    model,
    isSolved: head !== undefined,
    examples: { train: examples("train", train), validation: examples("validation"), test: examples("test") },
    architecture: [backbones.length > 1 ? "backbones" : "backbone", width, ...hidden, 1].join("-"),
    stemFingerprint: fingerprintOf(backbones),
    stemParameters: 2 * width + backbones.reduce((sum, { description }) => sum + description.parameters, 0),
    pretrained: backbones.map(({ name, description: { sha256 }, licence, source, pretraining }) => ({
      name,
      sha256,
      ...(licence && { licence }),
      ...(source && { source }),
      ...(pretraining && { pretraining }),
    })),
    save: (run) => saveOnBackbones(run, { options, hidden, parts, colour, preprocessing: data.preprocessing, model }),
  };
}

/** Identifies what the backbones give for an image. */
function fingerprintOf(backbones: readonly Backbone[]): string {
  const each = backbones.map(({ description: { sha256, outputIndex }, normalization: { mean, std }, pool }) => {
    return [sha256, outputIndex, mean, std, pool];
  });
  return sha256(JSON.stringify(each));
}

/** The logistic regression on the input of predictions: the mean of the views, or each of them. */
function headOn(
  views: readonly Float32Array[],
  { labels: { train: labels }, groups }: TrainingData,
  options: TrainingOptions,
  context: TaskContext,
): Promise<LogisticFit> {
  const rows =
    options.views > 1 ? { x: meanOf(views) } : { x: sideBySide(views, labels.length), repeats: views.length };
  return solvedHead({ ...rows, labels, groups, penalties: MANY_FEATURES_PENALTIES }, context);
}

/** @throws {InputError} `BACKBONE_SIZE`, `BACKBONE_UNSUPPORTED` */
function checkSizes(backbones: readonly Backbone[], { size, extraFeatures }: TrainingOptions): void {
  sizeFor(backbones);
  for (const { file, description } of backbones) {
    if (description.size && description.size !== size) {
      throw new InputError("BACKBONE_SIZE", `${file} takes images of --size ${description.size}, not ${size}.`);
    }
    if (description.opset !== OPSET && (extraFeatures === "colour" || backbones.length > 1)) {
      const message = `${file} has ONNX operator set ${description.opset}; with other features it must have ${OPSET}: export it again.`;
      throw new InputError("BACKBONE_UNSUPPORTED", message);
    }
  }
}

/** A backbone, its embeddings and their scaling. */
interface BackboneFeatures {
  readonly backbone: Backbone;
  readonly embeddings: Embeddings;
  readonly scaling: FeatureScaling;
}

/** Fits the scaling to the training tiles. It uses the mean of the views, which predictions use too. */
function withScaling(backbone: Backbone, embeddings: Embeddings, data: TrainingData): BackboneFeatures {
  const { views, width } = embeddings;
  const rows = views.map((values) => rowsAt(values, width, data.positions.train));
  return { backbone, embeddings, scaling: fitScaling(meanOf(rows), width) };
}

/** The scaled columns [n, width] of a partition's tiles, for each view. */
function columnsOf(
  parts: readonly BackboneFeatures[],
  colour: ColourMeasures | undefined,
  data: TrainingData,
  partition: Partition,
): { readonly width: number; readonly views: Float32Array[] } {
  const positions = data.positions[partition];
  const count = parts[0]?.embeddings.views.length ?? 0;
  const views = Array.from({ length: count }, (_, view) => {
    const blocks = parts.map(({ embeddings, scaling }) =>
      scaled(rowsAt(embeddings.views[view] as Float32Array, embeddings.width, positions), scaling),
    );
    return sideBySide(colour ? [...blocks, colour.values[partition]] : blocks, positions.length);
  });
  const width = parts.reduce((sum, { embeddings }) => sum + embeddings.width, colour?.width ?? 0);
  return { width, views };
}

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
async function saveOnBackbones(run: RunDirectory, network: HeadOnBackbones): Promise<void> {
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

/** Edge length for a backbone that takes any size and has no known one. */
const USUAL_SIZE = 224;

/** The names in `--model backbone:A,B` or `backbone:A,backbone:B`. The name of an existing file may contain commas. */
function backboneNames(model: string): string[] {
  const names = model.slice(BACKBONE_PREFIX.length);
  return existsSync(names) ? [names] : names.split(new RegExp(`,\\s*(?:${BACKBONE_PREFIX})?`));
}

/** Opens all backbones of the options. @throws {InputError} `BACKBONE_...` */
async function openBackbones(
  options: Pick<TrainingOptions, "model" | "backboneOutput" | "backbonePool" | "backboneMean" | "backboneStd">,
  context: TaskContext,
): Promise<Backbone[]> {
  const backbones: Backbone[] = [];
  const names = backboneNames(options.model);
  if (names.includes("")) {
    throw new InputError("BACKBONE_NAME", `--model ${options.model} lacks the name of a backbone.`);
  }
  for (const name of names) backbones.push(await openBackbone(name, options, context));
  return backbones;
}

/** The edge length: the only one that the backbones take, or that of the first one's training. @throws {InputError} `BACKBONE_SIZE` */
function sizeFor(backbones: readonly Backbone[]): number {
  const fixed = [...new Set(backbones.flatMap(({ description }) => description.size ?? []))];
  if (fixed.length > 1) {
    const each = backbones.map(({ name, description }) => `${name} ${description.size ?? "any"}`).join(", ");
    throw new InputError("BACKBONE_SIZE", `These backbones take images of different sizes: ${each}.`);
  }
  return fixed[0] ?? backbones[0]?.normalization.size ?? USUAL_SIZE;
}

/** The edge length that a pretrained network was trained on; the one of the options for others. */
export async function ownSize(options: TrainingOptions, context: TaskContext): Promise<number> {
  if (options.model.startsWith(BACKBONE_PREFIX)) return sizeFor(await openBackbones(options, context));
  return packagedNamed(options.model)?.size ?? options.size;
}
