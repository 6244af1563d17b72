/** @module A trained head on frozen ONNX backbones. Embeddings are computed once per file and data set. */
import type { Backbone } from "../../backbones/index";
import type { Partition } from "../../dataset/index";
import { InputError } from "../../errors/index";
import { sha256 } from "../../files/index";
import { mlpOnFeatures, setLogit } from "../../models/index";
import { OPSET } from "../../onnx/index";
import { defaultTrainingOptions, type TrainingOptions } from "../../options/index";
import { featureExamples } from "../batches";
import { measureColour } from "../colour-measures";
import type { TrainingData } from "../data";
import { type LogisticFit, MANY_FEATURES_PENALTIES } from "../logistic-regression";
import { meanOf, sideBySide } from "../rows";
import { solvedHead } from "../solved-head";
import type { TaskContext, TrainingTask } from "../training-task";
import { embeddingsOf } from "./embeddings";
import { type BackboneFeatures, columnsOf, withScaling } from "./features";
import { openBackbones, sizeFor } from "./names";
import { saveOnBackbones } from "./save";

/**
 * A head on the features of frozen backbones, and on colour features with `extraFeatures`. Without `hidden` the head is linear
 * and solved exactly. With `views` or `augment` it is trained on all eight views.
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
    async close() {
      model.dispose();
    },
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
      throw new InputError(
        "BACKBONE_UNSUPPORTED",
        `${file} has ONNX operator set ${description.opset}; with other features it must have ${OPSET}: export it again.`,
      );
    }
  }
}
