/** @module The options of a training run. */
import * as z from "zod";
import { registeredModels } from "../models/registry/index";
import { datasetSchema } from "./dataset";
import { between, group, option, whole } from "./declaration/index";

/** Prefix of `model` for frozen backbones, before an ONNX file or a name; several are joined by commas. */
export const BACKBONE_PREFIX = "backbone:";

const orAuto = <T extends z.ZodType>(schema: T) => z.union([schema, z.literal("auto")]);
const switchedOff = () => z.boolean().default(false);

/** The options of a training run. The default network is the reference MLP. */
export const trainingSchema = z.strictObject({
  data: option(z.string(), "data set: MHIST as distributed, a CSV table with images, or one folder per class", {
    group: "Data set",
    value: "dir",
    searched: false,
  }),
  dataset: option(datasetSchema.default({}), "how to read the directory, if detection is not enough", {
    group: "Data set",
    searched: false,
  }),
  ...group("Images", {
    size: option(whole(1, 16384).default(224), "edge length of the model's input", { value: "px" }),
    resize: option(z.enum(["exact", "stretch", "pad", "crop"]).default("crop"), "how images are resized to it", {
      value: "how",
    }),
    stain: option(
      z.enum(["none", "reinhard", "macenko", "vahadane"]).default("none"),
      "normalize the stains of every tile",
      { value: "method" },
    ),
    stainReference: option(z.string().default(""), "reference tile whose stains the others get", {
      value: "tile",
      usual: "the most typical training tile",
    }),
    stainTissueOnly: option(
      switchedOff(),
      "for reinhard: take statistics from tissue only and leave the background unchanged",
    ),
    validationFraction: option(
      between(0.01, 0.9).default(0.2),
      "share of the training tiles held out for validation, per class",
      { value: "x" },
    ),
    skipUnreadable: option(switchedOff(), "continue without images that cannot be decoded"),
  }),
  ...group("Model", {
    model: option(
      z.string().default("mlp"),
      `network: ${registeredModels()
        .map(({ name }) => name)
        .join(
          ", ",
        )}, or a head on frozen features: backbone:NAME (see histo backbone list), backbone:FILE.onnx, backbone:hf:OWNER/NAME, several joined by commas`,
      { value: "name" },
    ),
    hidden: option(z.array(z.int().positive()).readonly().default([2352, 2352, 294]), "units of the hidden layers", {
      value: "units",
    }),
    activation: option(
      z.enum(["relu", "elu", "selu", "tanh", "sigmoid", "softplus"]).default("relu"),
      "activation function of the hidden layers",
      { value: "name" },
    ),
    normalization: option(z.enum(["none", "batch", "layer"]).default("none"), "normalization of the hidden layers", {
      value: "name",
    }),
    dropout: option(between(0, 0.99).default(0), "probability of dropping a hidden unit", { value: "p" }),
    stem: option(
      z.enum(["pixels", "subspace"]).default("pixels"),
      "train on pixels, or on coordinates in a principal subspace of the training images",
      { value: "name" },
    ),
    rank: option(whole(1, 16384).default(256), "dimensions of the subspace", { value: "r" }),
    whitening: option(between(0, 1).default(0.5), "scaling of the coordinates: 0 none, 1 to unit variance", {
      value: "w",
    }),
    extraFeatures: option(
      z.enum(["none", "colour"]).default("none"),
      "extra features in addition to subspace coordinates or backbone features: colour (and texture), or none",
      { value: "features", formerly: "beside" },
    ),
    backboneOutput: option(z.string().default(""), "output to use, if the backbone has several", {
      value: "name",
      usual: "the first that fits",
    }),
    backbonePool: option(
      z.enum(["auto", "first", "mean", "first-and-mean"]).default("auto"),
      "how to pool a backbone's tokens: first (class token), mean (of the patches), or both; auto: first if there is a class token, else mean",
      { value: "how" },
    ),
    backboneMean: option(z.array(z.number()).readonly().default([]), "mean for normalizing a backbone's images", {
      value: "r,g,b",
      usual: "preprocessor_config.json, or ImageNet's",
    }),
    backboneStd: option(
      z.array(z.number().positive()).readonly().default([]),
      "standard deviation for normalizing a backbone's images",
      { value: "r,g,b", usual: "preprocessor_config.json, or ImageNet's" },
    ),
  }),
  ...group("Fine-tuning", {
    freeze: option(
      z.string().default("none"),
      "layers of a pretrained network to freeze, from the input on: none, blocks:N, or all (but the logit)",
      { value: "layers" },
    ),
    layerDecay: option(
      between(0.01, 1).default(1),
      "learning rate of each pretrained block relative to the block above it",
      { value: "x" },
    ),
    freezeBatchNorm: option(
      switchedOff(),
      "normalize with a pretrained network's running statistics in training, and do not update them",
    ),
  }),
  ...group("Training", {
    views: option(
      whole(1, 8).default(1),
      "average the logit over this many flips and quarter turns, in evaluation and in the exported model: 1 or 8",
      { value: "n" },
    ),
    batch: option(whole(1, 1 << 20).default(64), "images per step", { value: "n" }),
    epochs: option(whole(1, 1e6).default(20), "passes over the training set", { value: "n" }),
    augment: option(
      z.string().default("none"),
      "augment training images: dihedral, crop, stain, jitter, blur joined by commas, or all, or none",
      { value: "names" },
    ),
    mixup: option(between(0, 10).default(0), "mix examples: shape of the Beta distribution; 0 for none", {
      value: "alpha",
    }),
    sampler: option(
      z.enum(["shuffle", "balanced"]).default("shuffle"),
      "order of the examples; balanced draws both classes equally often, with replacement",
      { value: "name" },
    ),
  }),
  ...group("Loss", {
    loss: option(z.enum(["bce", "focal"]).default("bce"), "loss function", { value: "name" }),
    positiveWeight: option(
      orAuto(z.number().positive().max(1e6)).default(1),
      "weight of positive tiles in the loss; auto: negatives / positives in train, or 1 with the balanced sampler",
      { value: "x" },
    ),
    labelSmoothing: option(between(0, 0.9).default(0), "amount by which labels move towards 0.5", { value: "x" }),
    focalGamma: option(between(0, 100).default(2), "focusing exponent of the focal loss", { value: "x" }),
  }),
  ...group("Optimizer", {
    optimizer: option(z.enum(["adam", "adamw", "sgd", "rmsprop"]).default("adam"), "optimizer", { value: "name" }),
    lr: option(
      orAuto(z.number().positive().max(1000)).default("auto"),
      "peak learning rate; auto depends on the optimizer and the number of inputs",
      { value: "x" },
    ),
    schedule: option(
      z.string().default("constant"),
      "learning rate by epoch: constant, cosine, step:10:0.1, multistep:30,60:0.1, onecycle, polynomial:2, plateau:0.5:3",
      { value: "text" },
    ),
    warmup: option(between(0, 1e6).default(0), "epochs of linear warm-up", { value: "epochs" }),
    momentum: option(between(0, 0.9999).default(0.9), "momentum of sgd", { value: "m" }),
    nesterov: option(switchedOff(), "use Nesterov's momentum in sgd"),
    weightDecay: option(between(0, 100).default(0.01), "weight decay of adamw", { value: "x" }),
    l1: option(between(0, 1e6).default(0), "L1 penalty: adds x times the sign of a weight to its gradient", {
      value: "x",
    }),
    l2: option(between(0, 1e6).default(0), "L2 penalty: adds 2x times a weight to its gradient", { value: "x" }),
    clipNorm: option(
      between(0, 1e12).default(0),
      "largest global norm of the gradient without L1 and L2; 0 for no limit",
      { value: "x" },
    ),
    clipValue: option(
      between(0, 1e12).default(0),
      "largest absolute element of the gradient with L1 and L2; 0 for no limit",
      { value: "x" },
    ),
    accumulate: option(whole(1, 1e6).default(1), "batches per update", { value: "n" }),
    ema: option(between(0, 0.999999).default(0), "average the weights with this decay, such as 0.999; 0 for none", {
      value: "decay",
    }),
  }),
  ...group("End of training", {
    monitor: option(z.string().default("rocAuc"), "validation metric that selects the best epoch", {
      value: "metric",
      searched: false,
    }),
    monitorMode: option(
      z.enum(["auto", "min", "max"]).default("auto"),
      "whether higher (max) or lower (min) is better",
      {
        value: "mode",
        searched: false,
      },
    ),
    patience: option(whole(0, 1e6).default(0), "stop after this many epochs without improvement; 0 for never", {
      value: "n",
    }),
    minDelta: option(between(0, 1e6).default(0), "smallest improvement that counts", { value: "x" }),
    stopWhenLossRises: option(
      whole(0, 1e6).default(0),
      "stop when the validation loss has risen this many epochs in a row; 0 for never",
      { value: "n" },
    ),
    keepBest: option(whole(1, 100).default(1), "number of best epochs whose weights are kept", { value: "k" }),
    thresholdRule: option(
      z.string().default("balanced-accuracy"),
      "how the threshold is chosen on validation: balanced-accuracy, f1, sensitivity>=R (or recall>=R) or cost=C",
      { value: "rule" },
    ),
  }),
  ...group("Numbers", {
    precision: option(
      z.enum(["auto", "bf16", "fp32"]).default("auto"),
      "precision of matrix products; auto: bf16 if it is measurably faster",
      { value: "name" },
    ),
    seed: option(whole(0).default(0), "random seed for everything but the split", { value: "n" }),
    splitSeed: option(
      whole(0).default(0),
      "random seed of the held-out tiles; runs with different --seed share them unless this differs too",
      { value: "n" },
    ),
  }),
});

export type TrainingOptions = z.output<typeof trainingSchema>;

/** The options that a user gives. */
export type GivenTrainingOptions = Partial<TrainingOptions> & { readonly data: string };

const { data: _, ...defaults } = trainingSchema.parse({ data: "" });

/** The defaults of all options but `data`. */
export const defaultTrainingOptions: Readonly<Omit<TrainingOptions, "data">> = defaults;
