/** @module `histo train`: trains a model on a data set directory. */
import { join } from "node:path";
import { type Command, Option } from "commander";
import { InputError } from "../errors/index";
import type { CrossValidation, ExperimentResult, TrackingOptions } from "../experiments/index";
import { projectRoot } from "../files/index";
import type { Variant } from "../onnx/index";
import type { TrainingOptions } from "../runs/index";
import { addBackboneOptions } from "./backbone-options";
import { type CommandDefinition, integer, integers, number, oneOf } from "./command";
import { addDataOptions, addFoldOptions, type DataOptions, partDataOptions } from "./data-options";
import { textTable } from "./text-table";
import { addTrackingOptions, type TrackingCommandOptions } from "./tracking-options";

type TrainCommandOptions = Partial<TrainingOptions> &
  DataOptions &
  TrackingCommandOptions & {
    run?: string;
    resume?: boolean;
    checkpointEvery?: number;
    export: Variant | "none" | "auto";
    trackAs?: TrackingOptions;
  };

export const trainCommand: CommandDefinition<TrainCommandOptions, ExperimentResult | CrossValidation> = {
  name: "train",
  summary: "train a model; keeps its best weights, predictions and metrics in a run directory",
  configure: runOptions,
  async run(given, context) {
    const { crossValidate, runExperiment } = await import("../experiments/index.js");
    const { run, resume = false, checkpointEvery, track, options, variant } = separate(given);
    const { fold, folds } = given;
    if (fold === "all" || (folds !== undefined && fold === undefined)) {
      refuseUnusedReference(options);
      const { progress, signal } = context;
      return crossValidate(options, { run: run ?? newRunPath("folds"), variant, track, progress, signal });
    }
    // A run that goes on may have its method from its configuration.
    if (!resume) refuseUnusedReference(options);
    return runExperiment(options, {
      run: run ?? newRunPath(options.model?.split(":")[0] ?? "mlp"),
      resume,
      variant,
      track,
      progress: context.progress,
      signal: context.signal,
      ...(checkpointEvery !== undefined && { checkpointEvery }),
    });
  },
  render: (result) => ("folds" in result ? foldsText(result) : runText(result)),
};

function runText({ run, bestEpoch, epochs, test, seconds }: ExperimentResult): string {
  return [
    `Run        ${run}`,
    `Best epoch ${bestEpoch} of ${epochs}, ${seconds.toFixed(0)} s`,
    `Test       AUC ${test.rocAuc.toFixed(3)} (95 % ${test.rocAucCi95?.map((v) => v.toFixed(3)).join(" to ")}), ` +
      `balanced accuracy ${test.balancedAccuracy.toFixed(3)} at threshold ${test.threshold.toFixed(3)}`,
  ].join("\n");
}

function foldsText({ run, folds, validation, test }: CrossValidation): string {
  const measures = ["rocAuc", "balancedAccuracy", "f1"] as const;
  const shown = (value: number | null = null) => (value === null || !Number.isFinite(value) ? "-" : value.toFixed(3));
  const partitions = ["validation", "test"] as const;
  const head = partitions.flatMap((partition) => ["AUC", "bal. acc.", "F1"].map((name) => `${partition} ${name}`));
  const row = (
    name: string,
    of: (partition: "validation" | "test", measure: (typeof measures)[number]) => number | null | undefined,
  ) => [name, ...partitions.flatMap((partition) => measures.map((measure) => shown(of(partition, measure))))];
  const spread = { validation, test };
  const rows = [
    ...folds.map((result) => row(result.fold, (partition, measure) => result[partition][measure])),
    row("mean", (partition, measure) => spread[partition][measure]?.mean),
    row("std", (partition, measure) => spread[partition][measure]?.std),
  ];
  return [textTable(["fold", ...head], rows), `Run ${run}`].join("\n");
}

/** Tells the training options from what is about this run only. */
function separate(given: TrainCommandOptions) {
  const { run, resume, checkpointEvery, track: wished, experiment, trackAs, export: wanted, ...rest } = given;
  const small = rest.stem === "subspace" ? "compact" : "fp32";
  const variant = wanted === "auto" ? (small as Variant) : wanted;
  const track = wished && (trackAs ?? { experiment });
  return { run, resume, checkpointEvery, track, variant, options: withoutCommandOptions(rest) };
}

/** The training options among those of a command; how the data set is to be read lies in `dataset`. */
export function withoutCommandOptions<T extends Partial<TrainingOptions> & DataOptions>(
  given: T,
): Partial<TrainingOptions> & { data: string } {
  const { args, json, quiet, ...own } = given as T & { args?: readonly string[]; json?: boolean; quiet?: boolean };
  const { rest, dataset } = partDataOptions(own);
  return { ...rest, dataset } as Partial<TrainingOptions> & { data: string };
}

/** @throws {InputError} `OPTION_RANGE` for a reference whose stains no tile would get */
export function refuseUnusedReference({ stain = "none", stainReference }: Partial<TrainingOptions>): void {
  if (stain !== "none" || !stainReference) return;
  throw new InputError(
    "OPTION_RANGE",
    "--stain-reference goes with --stain reinhard, macenko or vahadane; without a method no tile is normalized.",
  );
}

/** A new directory under `runs/`, named by model and time. */
export function newRunPath(model: string): string {
  const time = new Date().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  return join(projectRoot(), "runs", `${model}-${time}-${process.pid}`);
}

function runOptions(command: Command): Command {
  return addTrackingOptions(trainingOptions(command))
    .option("--run <dir>", "run directory (default: a new one under runs/)")
    .option("--resume", "go on with an interrupted run")
    .option("--checkpoint-every <batches>", "instead of as often as time allows", integer(1))
    .option(
      "--export <variant>",
      "auto, none, fp32, int8 or compact",
      oneOf("auto", "none", "fp32", "int8", "compact"),
      "auto",
    )
    .addOption(
      // For those that start this command as a part of something larger.
      new Option("--track-as <json>", "tracking options").hideHelp().argParser((text) => JSON.parse(text) as unknown),
    );
}

/** The options that say what is trained, and how. */
export function trainingOptions(command: Command): Command {
  return addBackboneOptions(addFoldOptions(addDataOptions(command)))
    .option(
      "--model <name>",
      "mlp, cnn, vit, colour (logistic regression on colour and texture) or backbone:FILE.onnx, backbone:hf:OWNER/NAME (frozen)",
    )
    .option("--hidden <units>", "units of the hidden layers, such as 2352,2352,294", integers(1))
    .option("--size <px>", "edge length of the model's input", integer(1, 16384))
    .option("--resize <how>", "exact, stretch, pad or crop", oneOf("exact", "stretch", "pad", "crop"))
    .option("--activation <name>", "of the hidden layers", oneOf("relu", "elu", "selu", "tanh", "sigmoid", "softplus"))
    .option("--normalization <name>", "none, batch or layer", oneOf("none", "batch", "layer"))
    .option("--dropout <p>", "probability of a hidden unit to be dropped", number(0, 0.99))
    .option("--stem <name>", "pixels, or subspace: train on principal coordinates", oneOf("pixels", "subspace"))
    .option("--rank <r>", "dimensions of the subspace", integer(1, 16384))
    .option("--whitening <w>", "of the coordinates: 0 none, 0.5 half, 1 full", number(0, 1))
    .option(
      "--beside <features>",
      "what stands beside the coordinates of --stem subspace: none, or colour (and texture)",
      oneOf("none", "colour"),
    )
    .option("--epochs <n>", "passes over the training set", integer(1))
    .option("--batch <n>", "images per step", integer(1))
    .option("--lr <x>", "highest learning rate, or auto", (text) => (text === "auto" ? text : number(0)(text)))
    .option("--optimizer <name>", "adam, adamw, sgd or rmsprop", oneOf("adam", "adamw", "sgd", "rmsprop"))
    .option("--schedule <text>", "such as cosine, step:10:0.1, onecycle, plateau:0.5:3")
    .option("--warmup <epochs>", "linear warm-up", number(0))
    .option("--momentum <m>", "of sgd", number(0, 0.9999))
    .option("--nesterov", "Nesterov's momentum")
    .option("--weight-decay <x>", "of adamw, sgd and rmsprop", number(0))
    .option("--l1 <x>", "L1 penalty", number(0))
    .option("--l2 <x>", "L2 penalty", number(0))
    .option("--clip-norm <x>", "largest norm of the gradient", number(0))
    .option("--clip-value <x>", "largest element of the gradient", number(0))
    .option("--accumulate <n>", "batches per update", integer(1))
    .option("--ema <decay>", "average the weights, such as 0.999", number(0, 0.999999))
    .option("--loss <name>", "bce or focal", oneOf("bce", "focal"))
    .option("--positive-weight <x>", "weight of positive tiles in the loss, or auto", (text) =>
      text === "auto" ? text : number(0)(text),
    )
    .option("--focal-gamma <x>", "focusing exponent of the focal loss", number(0, 100))
    .option("--label-smoothing <x>", "move labels towards one half", number(0, 0.9))
    .option("--sampler <name>", "shuffle or balanced", oneOf("shuffle", "balanced"))
    .option("--augment <names>", "dihedral, crop, stain, jitter, blur joined by commas, or all, or none")
    .option(
      "--stain <method>",
      "normalize stains: none, reinhard, macenko or vahadane",
      oneOf("none", "reinhard", "macenko", "vahadane"),
    )
    .option("--stain-reference <tile>", "tile whose stains the others get (default: the most typical training tile)")
    .option("--stain-tissue-only", "of reinhard: take colours from tissue and leave empty slide as it is")
    .option("--mixup <alpha>", "mix examples", number(0, 10))
    .option("--precision <name>", "auto, bf16 or fp32", oneOf("auto", "bf16", "fp32"))
    .option("--monitor <metric>", "validation metric that chooses the best epoch")
    .option("--monitor-mode <mode>", "auto, min or max", oneOf("auto", "min", "max"))
    .option("--patience <n>", "stop after so many epochs without improvement", integer(0))
    .option("--min-delta <x>", "smallest improvement that counts", number(0))
    .option("--stop-when-loss-rises <n>", "stop when the validation loss has risen so many epochs", integer(0))
    .option("--keep-best <k>", "how many of the best epochs keep their weights", integer(1, 100))
    .option("--threshold-rule <rule>", "balanced-accuracy, f1, recall>=R or cost=C")
    .option("--validation-fraction <x>", "share of train held out", number(0.01, 0.9))
    .option("--skip-unreadable", "go on without images that cannot be decoded")
    .option("--seed <n>", "fixes everything random but the split", integer(0))
    .option("--split-seed <n>", "chooses the tiles that are held out", integer(0));
}
