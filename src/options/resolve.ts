/** @module Completes and checks the options of a training run, also against each other. */
import { InputError } from "../errors/index";
import { augmentationNamed } from "../image/augment/index";
import { modelNamed, registeredModels } from "../models/registry/index";
import { checkOptions, optionsOfSchema, presentNames } from "./declaration/index";
import { BACKBONE_PREFIX, type GivenTrainingOptions, type TrainingOptions, trainingSchema } from "./training";

/** Adds the defaults and checks the options. @throws {InputError} `OPTION_...`, `MODEL_UNKNOWN` or `AUGMENTATION_UNKNOWN` */
export function resolveTrainingOptions(given: GivenTrainingOptions): TrainingOptions {
  const options = checkOptions(trainingSchema, given, "training option");
  const { model, augment, stain, stainTissueOnly } = options;
  if (!modelNamed(model) && !model.startsWith(BACKBONE_PREFIX)) {
    const names = registeredModels().map(({ name }) => name);
    const known = [...names, `${BACKBONE_PREFIX}NAME`, `${BACKBONE_PREFIX}FILE.onnx`].join(", ");
    throw new InputError("MODEL_UNKNOWN", `The training option model must be one of ${known}, not ${model}.`);
  }
  augmentationNamed(augment);
  if (options.views !== 1 && options.views !== 8) {
    throw new InputError("OPTION_RANGE", `The training option views must be 1 or 8, not ${options.views}.`);
  }
  checkBatch(options);
  checkFineTuning(options);
  if (stainTissueOnly && stain !== "reinhard") {
    const message = "--stain-tissue-only goes with --stain reinhard; the other methods take stains from tissue anyway.";
    throw new InputError("OPTION_RANGE", message);
  }
  return options;
}

/** Fewest images of a batch that the network can be trained on. */
export function leastBatch({ model, size, normalization }: TrainingOptions): number {
  return normalization === "batch" ? 2 : (modelNamed(model)?.leastBatch?.(size) ?? 1);
}

function checkBatch(options: TrainingOptions): void {
  const { model, size, batch, normalization } = options;
  const least = leastBatch(options);
  if (batch >= least) return;
  const what = normalization === "batch" ? "--normalization batch" : `--model ${model} with --size ${size}`;
  const message = `${what} needs --batch ${least} or more: it subtracts the mean of the batch, so a single image becomes zero.`;
  throw new InputError("OPTION_RANGE", message);
}

function checkFineTuning({ model, freeze, layerDecay, freezeBatchNorm }: TrainingOptions): void {
  if (!/^(none|all|blocks:\d+)$/.test(freeze)) {
    throw new InputError("OPTION_RANGE", `The training option freeze must be none, all or blocks:N, not ${freeze}.`);
  }
  const isAsked = freeze !== "none" || layerDecay !== 1 || freezeBatchNorm;
  if (!isAsked || modelNamed(model)?.isPretrained) return;
  const known = registeredModels().filter(({ isPretrained }) => isPretrained);
  const message = `--freeze, --layer-decay and --freeze-batch-norm go with --model ${known.map(({ name }) => name).join(" or ")}, not with ${model}.`;
  throw new InputError("OPTION_RANGE", message);
}

/** The training options in a run's configuration, without the results. */
export function optionsOf(config: object): Partial<TrainingOptions> {
  const known = new Set(optionsOfSchema(trainingSchema).map(({ name }) => name));
  const entries = Object.entries(presentNames(trainingSchema, config)).filter(([name]) => known.has(name));
  return Object.fromEntries(entries) as Partial<TrainingOptions>;
}
