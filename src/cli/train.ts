/** @module `histo train`: trains a model on a data set directory. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { mustBeDataFolder } from "../dataset/labels/index";
import { InputError } from "../errors/index";
import type { ExperimentResult, TrackingOptions, TrainingPart } from "../experiments/index";
import { projectRoot, readJson } from "../files/index";
import { interval95, plainDecimal, seconds } from "../format/index";
import {
  type GivenTrainingOptions,
  group,
  option,
  optionsOf,
  type TrainingOptions,
  trainingSchema,
  whole,
} from "../options/index";
import { RunDirectory } from "../runs/index";
import { defineCommand } from "./command";
import { foldsTable } from "./folds";
import { trackingOptions } from "./mlflow";
import { givenTraining, json } from "./schema-options";

/** The options of the run, besides the training options. */
const runSchema = z.strictObject({
  ...group("Run", {
    run: option(z.string().optional(), "run directory", { value: "dir", usual: "a new one under runs/" }),
    resume: option(z.boolean().default(false), "resume an interrupted run; its options need not be repeated"),
    checkpointEvery: option(whole(1).optional(), "number of batches between checkpoints", {
      value: "batches",
      usual: "as often as 5 % of the time allows",
    }),
    export: option(
      z.enum(["auto", "none", "fp32", "int8", "compact"]).default("auto"),
      "variant to export; auto: compact for a subspace if it is close enough, else fp32",
      { value: "variant" },
    ),
    options: option(json().optional(), "training options as a JSON object; flags override it", { value: "json" }),
    trackAs: option(json().optional(), "tracking options", { value: "json", hidden: true }),
    partOf: option(json().optional(), "what a comparison or cross-validation decided", { value: "json", hidden: true }),
  }),
  ...trackingOptions,
});

export const command = defineCommand({
  examples: [
    [
      "histo train --data DIR",
      "network, size and rate that suit most data sets; DIR: one folder per class, or a table",
    ],
    [
      "histo train --data DIR --model cnn --augment dihedral --epochs 30 --patience 5",
      "a CNN, until it stops improving",
    ],
    ["histo train --run runs/NAME --resume", "resume a stopped run"],
  ],
  schema: runSchema,
  moreOptions: [trainingSchema],
  configure(command) {
    // A run that is resumed knows its data set.
    command.options.find(({ long }) => long === "--resume")?.implies({ data: "" });
    return command;
  },
  async run(
    { run, resume, checkpointEvery, track, experiment, trackAs, partOf, ...rest },
    { flags, progress, signal },
  ) {
    const given: GivenTrainingOptions = { ...rest.options, ...givenTraining(flags) };
    const begun = resume ? await begunOptions(run) : {};
    const options = { ...given, data: given.data || begun.data || "" };
    if (resume && options.data === "") {
      const message = `--run ${run} holds no run to resume; name its directory, or give --data.`;
      throw new InputError("OPTION_MISSING", message);
    }
    await mustBeDataFolder(options.data);
    const { crossValidate, runExperiment } = await import("../experiments/index.js");
    // A resumed run may have its stain method in its configuration.
    if (!resume) refuseUnusedReference(options);
    const common = {
      variant: rest.export,
      track: track && ((trackAs as TrackingOptions | undefined) ?? { experiment }),
      progress,
      signal,
    };
    const { fold, folds } = options.dataset ?? {};
    if (fold === "all" || (folds !== undefined && fold === undefined)) {
      return crossValidate(options, { run: run ?? newRunPath("folds"), ...common });
    }
    return runExperiment(options, {
      run: run ?? newRunPath(options.model?.split(":")[0] ?? "mlp"),
      resume,
      ...common,
      ...(partOf as TrainingPart | undefined),
      ...(checkpointEvery !== undefined && { checkpointEvery }),
    });
  },
  render: (result) => ("folds" in result ? `${foldsTable(result.folds, result)}\nRun ${result.run}` : runText(result)),
});

/** The options of the run in a directory; none if there is no run. @throws {InputError} `OPTION_MISSING` */
async function begunOptions(run: string | undefined): Promise<Partial<TrainingOptions>> {
  if (run === undefined)
    throw new InputError("OPTION_MISSING", "--resume needs --run, the directory of the stopped run.");
  const { config } = new RunDirectory(run);
  return existsSync(config) ? optionsOf(await readJson<object>(config)) : {};
}

function runText({ run, bestEpoch, epochs, test, seconds: duration }: ExperimentResult): string {
  return [
    `Run        ${run}`,
    `Best epoch ${bestEpoch} of ${epochs}, ${seconds(duration)}`,
    `Test       AUC ${plainDecimal(test.rocAuc)}${interval95(test.rocAucCi95)}, ` +
      `balanced accuracy ${plainDecimal(test.balancedAccuracy)} at threshold ${plainDecimal(test.threshold)}`,
  ].join("\n");
}

/** @throws {InputError} `OPTION_RANGE` for a reference tile without a stain method */
export function refuseUnusedReference({ stain = "none", stainReference }: Partial<TrainingOptions>): void {
  if (stain !== "none" || !stainReference) return;
  const message =
    "--stain-reference needs --stain reinhard, macenko or vahadane; without a method no tile is normalized.";
  throw new InputError("OPTION_RANGE", message);
}

/** A new directory in `runs/`, named after model and time. */
function newRunPath(model: string): string {
  const time = new Date().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  return join(projectRoot(), "runs", `${model}-${time}-${process.pid}`);
}
