/** @module The configuration of a training run: every choice in one object, with its default, as `config.json` keeps it. */
import type { DatasetOptions } from "../dataset/index";
import { InputError } from "../errors/index";
import { augmentationNamed } from "../image/augment/index";
import type { Preprocessing, ResizePolicy, StainMethod } from "../image/index";

/** What a user chooses; `histo train` has an option for each. */
export interface TrainingOptions {
  // data
  /** Data set directory. */
  data: string;
  /** How to read the directory, where finding out is not enough. */
  dataset: DatasetOptions;
  /** Edge length of the model's input in pixels. */
  size: number;
  resize: ResizePolicy;
  /** Stain normalization of every tile. */
  stain: "none" | StainMethod;
  /** Name of the tile whose stains the others get; empty for the most typical training tile. */
  stainReference: string;
  /** Reinhard only: statistics of the tissue, and empty slide left as it is. */
  stainTissueOnly: boolean;
  /** Share of the training tiles held out for validation, per class. */
  validationFraction: number;
  /** Go on without images that cannot be decoded. */
  skipUnreadable: boolean;

  // model
  model: string;
  /** Units of the hidden layers. */
  hidden: readonly number[];
  activation: "relu" | "elu" | "selu" | "tanh" | "sigmoid" | "softplus";
  normalization: "none" | "batch" | "layer";
  /** Probability of a hidden unit to be dropped. */
  dropout: number;
  /** Train on pixels, or on the coordinates of a principal subspace of the training images. */
  stem: "pixels" | "subspace";
  /** Dimensions of the subspace. */
  rank: number;
  /** 0: coordinates as they are; 1: all scaled to variance one. */
  whitening: number;
  /** What the MLP sees beside the coordinates of a subspace. */
  beside: "none" | "colour";
  /** Output of a backbone with several; empty for the first that fits. */
  backboneOutput: string;
  /** How a backbone's tokens become one vector; `auto`: the class token, or the mean where there is none. */
  backbonePool: "auto" | "first" | "mean" | "first-and-mean";
  /** Mean and deviation that a backbone's images are normalized by; empty: what lies beside the file, or ImageNet's. */
  backboneMean: readonly number[];
  backboneStd: readonly number[];

  // examples
  batch: number;
  epochs: number;
  /** Names joined by commas: `none`, `dihedral`, `crop`, `stain`, `jitter`, `blur`, `all`. */
  augment: string;
  /** Shape of the Beta distribution of mixup; 0 for none. */
  mixup: number;
  /** `balanced` draws both classes equally often, with replacement. */
  sampler: "shuffle" | "balanced";

  // objective
  loss: "bce" | "focal";
  /** Weight of the positive class in the loss; `auto`: negatives / positives in train. */
  positiveWeight: number | "auto";
  labelSmoothing: number;
  focalGamma: number;

  // optimizer
  optimizer: "adam" | "adamw" | "sgd" | "rmsprop";
  /** Learning rate at its highest; `auto` suits the optimizer and the width of the input. */
  lr: number | "auto";
  /** Such as `constant`, `cosine`, `step:10:0.1`, `onecycle`, `plateau:0.5:3`; see `src/training/schedules.ts`. */
  schedule: string;
  /** Epochs of linear warm-up. */
  warmup: number;
  momentum: number;
  nesterov: boolean;
  weightDecay: number;
  l1: number;
  l2: number;
  /** Largest global norm of the gradient; 0 for no limit. */
  clipNorm: number;
  /** Largest absolute value of a gradient's element; 0 for no limit. */
  clipValue: number;
  /** Batches whose gradients are added up before an update. */
  accumulate: number;
  /** Decay of the moving average of the weights that is evaluated and kept; 0 for none. */
  ema: number;

  // end
  /** Metric that chooses the best epoch, `validation` metrics by name. */
  monitor: string;
  monitorMode: "auto" | "min" | "max";
  /** Epochs without improvement before training stops; 0 for never. */
  patience: number;
  minDelta: number;
  /** Stop when the validation loss has risen this many epochs in a row; 0 for never. */
  stopWhenLossRises: number;
  /** How many of the best epochs keep their weights. */
  keepBest: number;
  /** Rule that chooses the threshold on validation, such as `balanced-accuracy`, `f1`, `recall>=0.9`. */
  thresholdRule: string;

  // numbers
  /** `auto`: bf16 products where they are measurably faster. */
  precision: "auto" | "bf16" | "fp32";
  /** Fixes everything random but the split. */
  seed: number;
  /** Which tiles are held out; runs of different seeds share a validation set unless this differs too. */
  splitSeed: number;
}

/** The defaults. The network is the reference MLP. */
export const defaultTrainingOptions: Readonly<Omit<TrainingOptions, "data">> = {
  dataset: {},
  size: 224,
  resize: "crop",
  stain: "none",
  stainReference: "",
  stainTissueOnly: false,
  validationFraction: 0.2,
  skipUnreadable: false,
  model: "mlp",
  hidden: [2352, 2352, 294],
  activation: "relu",
  normalization: "none",
  dropout: 0,
  stem: "pixels",
  rank: 256,
  whitening: 0.5,
  beside: "none",
  backboneOutput: "",
  backbonePool: "auto",
  backboneMean: [],
  backboneStd: [],
  batch: 64,
  epochs: 20,
  augment: "none",
  mixup: 0,
  sampler: "shuffle",
  loss: "bce",
  positiveWeight: 1,
  labelSmoothing: 0,
  focalGamma: 2,
  optimizer: "adam",
  lr: "auto",
  schedule: "constant",
  warmup: 0,
  momentum: 0.9,
  nesterov: false,
  weightDecay: 0.01,
  l1: 0,
  l2: 0,
  clipNorm: 0,
  clipValue: 0,
  accumulate: 1,
  ema: 0,
  monitor: "rocAuc",
  monitorMode: "auto",
  patience: 0,
  minDelta: 0,
  stopWhenLossRises: 0,
  keepBest: 1,
  thresholdRule: "balanced-accuracy",
  precision: "auto",
  seed: 0,
  splitSeed: 0,
};

/** What a run was made with, and what it found out: the content of `config.json`. */
export interface RunConfig extends TrainingOptions {
  /** Name of the run. */
  name: string;
  /** `[negative, positive]`. */
  classes: readonly [string, string];
  preprocessing: Preprocessing;
  /** Such as `150528-2352-2352-294-1`. */
  architecture: string;
  parameters: number;
  /** Tiles by partition. */
  tiles: { train: number; validation: number; test: number };
  /** Hash of the pixels that it was trained on. */
  contentHash: string;
  /** How its steps are computed, which a resumed run keeps: precision of products, way of updates. */
  stepWay?: { readonly precision: "bf16" | "fp32"; readonly updates: "product" | "rule" | "tensorflow" };
  /** Chosen on validation; absent while training. */
  threshold?: number;
  mlflowRunId?: string;
  /** What the data set's reader had to decide, for people. */
  notes?: readonly string[];
}

/** The user's choices in a run's configuration, without what the run found out. */
export function optionsOf(config: RunConfig): Partial<TrainingOptions> {
  const known = new Set(["data", ...Object.keys(defaultTrainingOptions)]);
  return Object.fromEntries(Object.entries(config).filter(([name]) => known.has(name))) as Partial<TrainingOptions>;
}

/**
 * Fills in the defaults.
 * @throws {InputError} `OPTION_UNKNOWN`, `OPTION_TYPE`, `OPTION_RANGE` or `AUGMENTATION_UNKNOWN`, naming the option
 */
export function resolveTrainingOptions(given: Partial<TrainingOptions> & { data: string }): TrainingOptions {
  const options = { ...defaultTrainingOptions, data: given.data } as TrainingOptions;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!(name in options)) {
      throw new InputError(
        "OPTION_UNKNOWN",
        `There is no training option ${name}. Known: ${Object.keys(options).join(", ")}.`,
      );
    }
    const wanted = options[name as keyof TrainingOptions];
    const sameType = typeof value === typeof wanted && Array.isArray(value) === Array.isArray(wanted);
    if (!sameType && !(OR_AUTO.has(name) && (typeof value === "number" || value === "auto"))) {
      throw new InputError("OPTION_TYPE", `The training option ${name} must be like ${JSON.stringify(wanted)}.`);
    }
    Object.assign(options, { [name]: value });
  }
  checkWords(options);
  checkRanges(options);
  augmentationNamed(options.augment);
  if (options.stainTissueOnly && options.stain !== "reinhard") {
    throw new InputError(
      "OPTION_RANGE",
      "--stain-tissue-only goes with --stain reinhard; the other methods take stains from tissue anyway.",
    );
  }
  return options;
}

/** Options that may be `auto` instead of a number. */
const OR_AUTO = new Set(["lr", "positiveWeight"]);

const RANGES: readonly (readonly [keyof TrainingOptions, number, number])[] = [
  ["size", 1, 16384],
  ["validationFraction", 0.01, 0.9],
  ["dropout", 0, 0.99],
  ["rank", 1, 16384],
  ["whitening", 0, 1],
  ["batch", 1, 1 << 20],
  ["epochs", 1, 1e6],
  ["mixup", 0, 10],
  ["positiveWeight", 0, 1e6],
  ["labelSmoothing", 0, 0.9],
  ["focalGamma", 0, 100],
  ["lr", 0, 1000],
  ["warmup", 0, 1e6],
  ["momentum", 0, 0.9999],
  ["weightDecay", 0, 100],
  ["l1", 0, 1e6],
  ["l2", 0, 1e6],
  ["clipNorm", 0, 1e12],
  ["clipValue", 0, 1e12],
  ["accumulate", 1, 1e6],
  ["ema", 0, 0.999999],
  ["patience", 0, 1e6],
  ["minDelta", 0, 1e6],
  ["stopWhenLossRises", 0, 1e6],
  ["keepBest", 1, 100],
  ["seed", 0, Number.MAX_SAFE_INTEGER],
  ["splitSeed", 0, Number.MAX_SAFE_INTEGER],
];

/** Options of {@link RANGES} that count something. */
const WHOLE: ReadonlySet<keyof TrainingOptions> = new Set([
  "size",
  "rank",
  "batch",
  "epochs",
  "accumulate",
  "patience",
  "stopWhenLossRises",
  "keepBest",
  "seed",
  "splitSeed",
]);

/** How `model` names a frozen backbone: this and the path of an ONNX file, or its name on a hub. */
export const BACKBONE_PREFIX = "backbone:";

const WORDS: Partial<Record<keyof TrainingOptions, readonly string[]>> = {
  resize: ["exact", "stretch", "pad", "crop"],
  stain: ["none", "reinhard", "macenko", "vahadane"],
  model: ["mlp", "cnn", "vit", "colour"],
  activation: ["relu", "elu", "selu", "tanh", "sigmoid", "softplus"],
  normalization: ["none", "batch", "layer"],
  stem: ["pixels", "subspace"],
  beside: ["none", "colour"],
  backbonePool: ["auto", "first", "mean", "first-and-mean"],
  sampler: ["shuffle", "balanced"],
  loss: ["bce", "focal"],
  optimizer: ["adam", "adamw", "sgd", "rmsprop"],
  monitorMode: ["auto", "min", "max"],
  precision: ["auto", "bf16", "fp32"],
};

function checkWords(options: TrainingOptions): void {
  for (const [name, words] of Object.entries(WORDS)) {
    const value = String(options[name as keyof TrainingOptions]);
    if (words.includes(value) || (name === "model" && value.startsWith(BACKBONE_PREFIX))) continue;
    const known = [...words, ...(name === "model" ? [`${BACKBONE_PREFIX}FILE.onnx`] : [])].join(", ");
    const code = name === "model" ? "MODEL_UNKNOWN" : "OPTION_RANGE";
    throw new InputError(code, `The training option ${name} must be one of ${known}, not ${value}.`);
  }
}

function checkRanges(options: TrainingOptions): void {
  for (const [name, low, high] of RANGES) {
    const value = options[name];
    if (value === "auto") continue;
    const whole = WHOLE.has(name);
    if (!(Number(value) >= low && Number(value) <= high) || (whole && !Number.isInteger(value))) {
      const wanted = `${whole ? "be a whole number" : "lie"} from ${low} to ${high}`;
      throw new InputError("OPTION_RANGE", `The training option ${name} must ${wanted}, not ${value}.`);
    }
  }
  if (options.lr === 0) {
    throw new InputError("OPTION_RANGE", "The training option lr must be above 0, or auto, not 0.");
  }
  if (!options.hidden.every((units) => Number.isInteger(units) && units > 0)) {
    throw new InputError(
      "OPTION_RANGE",
      `The training option hidden must be whole numbers above 0, not ${options.hidden}.`,
    );
  }
}
