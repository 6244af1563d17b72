/** @module The plan of a run: its options, resolved and checked once, before any data is read or written. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { LATEST_READING, type Reading } from "../dataset/index";
import { InputError } from "../errors/index";
import { checkMonitor, type Monitor, monitorOf, parseThresholdRule, type ThresholdRule } from "../evaluation/index";
import { readJson } from "../files/index";
import { gigabytes } from "../format/index";
import { usableMemory } from "../machine/index";
import {
  definedOnly,
  type GivenTrainingOptions,
  optionsOf,
  resolveTrainingOptions,
  type TrainingOptions,
} from "../options/index";
import { type RunConfig, RunDirectory } from "../runs/index";
import { planLearningRate } from "./schedules";

/** The options of a training, checked, and what their texts mean. No later code parses an option. */
export interface PlannedOptions {
  readonly options: TrainingOptions;
  readonly monitor: Monitor;
  readonly learningRate: ReturnType<typeof planLearningRate>;
  readonly thresholdRule: ThresholdRule;
}

/** The plan of a training. */
export interface TrainingPlan extends PlannedOptions {
  readonly run: RunDirectory;
  readonly begun?: RunConfig;
  /** A resumed run reads its data set as it did when it began, because its split depends on that. */
  readonly reading: Reading;
}

/** Resolves and parses options, without a run. @throws {InputError} `OPTION_...`, `SCHEDULE_UNKNOWN`, `THRESHOLD_RULE_UNKNOWN` */
export function planOptions(given: GivenTrainingOptions): PlannedOptions {
  const options = resolveTrainingOptions(given);
  return {
    options,
    monitor: monitorOf(options.monitor, options.monitorMode),
    learningRate: planLearningRate(options),
    thresholdRule: parseThresholdRule(options.thresholdRule),
  };
}

/**
 * Resolves the options of a run. A resumed run keeps its options unless they are given again.
 * @throws {InputError} `MONITOR_UNKNOWN`, `RUN_EXISTS`, and the errors of {@link planOptions}
 */
export async function planTraining(
  given: GivenTrainingOptions,
  {
    run: path,
    resume,
    metrics,
    reading = LATEST_READING,
  }: { run: string; resume: boolean; metrics: readonly string[]; reading?: Reading | undefined },
): Promise<TrainingPlan> {
  const run = new RunDirectory(resolve(path));
  const begun = resume && existsSync(run.config) ? await readJson<RunConfig>(run.config) : undefined;
  const before = begun ? optionsOf(begun) : {};
  const dataset = { ...before.dataset, ...definedOnly(given.dataset ?? {}) };
  const planned = planOptions({ ...before, ...definedOnly(given), dataset, data: resolve(given.data) });
  if (existsSync(run.config) && !resume) {
    throw new InputError("RUN_EXISTS", `--run ${run.path} holds a run already; add --resume or choose another.`);
  }
  checkMonitor(planned.monitor, metrics);
  return { run, ...planned, reading: begun ? (begun.reading ?? 1) : reading, ...(begun && { begun }) };
}

/** Checks that the weights and the optimizer's state fit into memory. @throws {InputError} `SIZE_TOO_LARGE` */
export function checkMemory({ options }: TrainingPlan): void {
  if (options.model !== "mlp") return;
  const { size, stem, rank, hidden } = options;
  const isSubspace = stem === "subspace";
  const widths = [isSubspace ? rank : size ** 2 * 3, ...hidden, 1];
  const weights = hidden.reduce((sum, units, i) => sum + units * (widths[i] as number), 0);
  const needed = trainingBytes(weights, options);
  if (needed <= 0.95 * usableMemory()) return;
  throw new InputError(
    "SIZE_TOO_LARGE",
    `${isSubspace ? `--rank ${rank}` : `--size ${size}`} with --hidden ${hidden} needs ${gigabytes(needed)} of memory and this machine has ` +
      `${gigabytes(usableMemory())}; choose ${isSubspace ? "a smaller --rank or fewer units" : "a smaller --size, fewer units, or --stem subspace"}.`,
  );
}

/** Bytes of the weights, the optimizer's state and the moving average of the weights. */
export function trainingBytes(weights: number, { optimizer, ema }: Pick<TrainingOptions, "optimizer" | "ema">): number {
  return 4 * ((optimizer === "sgd" ? 2 : 3) + (ema > 0 ? 1 : 0)) * weights;
}
