/** @module Reads the results of a finished run from its files, without model and TensorFlow. */
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { InputError } from "../errors/index";
import { readJson } from "../files/index";
import { type RunConfig, RunDirectory } from "../runs/index";
import { bestByMonitor, type EpochLine, monitorOf, readHistory } from "./history";
import { type BinaryMetrics, binaryMetrics } from "./metrics";
import { labelsAndScores, type Prediction, readPredictions } from "./predictions";
import { chooseThreshold, parseThresholdRule, type ThresholdRule, thresholdRuleText } from "./threshold";

/** The threshold at which a run is evaluated. */
export interface RunThreshold {
  readonly value: number;
  /** The rule that chose it on validation, such as `balanced-accuracy`; absent for the 0.5 of a run without validation images of both classes. */
  readonly rule?: string;
}

/** The metrics of a run, or of one fold of a cross-validation; without partitions that have no rows. */
export interface RunMetrics {
  readonly validation?: BinaryMetrics;
  readonly test?: BinaryMetrics;
}

export interface FoldMetrics extends RunMetrics {
  readonly fold: string;
}

/** The contents of a run's files. A folder with only `predictions-test.csv` is enough. */
export interface RunResults {
  readonly directory: RunDirectory;
  readonly name: string;
  readonly config: Partial<RunConfig>;
  /** `[negative, positive]`. */
  readonly classes: readonly [negative: string, positive: string];
  readonly history: readonly EpochLine[];
  readonly validation: readonly Prediction[];
  readonly test: readonly Prediction[];
  readonly threshold: RunThreshold;
  /** The metrics of every fold, each at its own threshold; undefined for a run of one model. */
  readonly folds?: readonly FoldMetrics[];
}

/** What is at a path without predictions, and what to do about it. */
function whyNoPredictions(path: string, { config }: RunDirectory): string {
  if (existsSync(join(path, "model.json")))
    return `${path} is an exported model; name the run that it was exported from.`;
  if (!existsSync(config)) return `${path} is not a run directory: it has neither a config.json nor predictions.`;
  return `${path} contains no predictions yet; finish its training with histo train --run ${path} --resume.`;
}

/**
 * Reads a run at the threshold of its configuration, or chosen again by a `rule` on validation.
 * @throws {InputError} `RUN_MISSING`, `RUN_FOLD_MISSING`, `RUN_UNFINISHED`, `THRESHOLD_ONE_CLASS`, or an error of a file
 */
export async function readRun(path: string, { rule }: { rule?: ThresholdRule } = {}): Promise<RunResults> {
  const directory = new RunDirectory(resolve(path));
  if (!existsSync(directory.path)) throw new InputError("RUN_MISSING", `The run ${path} does not exist.`);
  const read = async (partition: "validation" | "test") => {
    const file = directory.predictions(partition);
    return existsSync(file) ? await readPredictions(file) : [];
  };
  const folds = await readFolds(directory, rule);
  const [stored, test] = [await read("validation"), await read("test")];
  const validation = stored.length > 0 ? stored : folds.flatMap((fold) => fold.validation);
  if (validation.length + test.length === 0) {
    throw new InputError("RUN_UNFINISHED", whyNoPredictions(path, directory));
  }
  const config = existsSync(directory.config)
    ? await readJson<Partial<RunConfig>>(directory.config)
    : commonFacts(folds[0]?.config);
  return {
    directory,
    name: config.name ?? basename(directory.path),
    config,
    classes: config.classes ?? ["negative", "positive"],
    history: existsSync(directory.history) ? await readHistory(directory.history) : [],
    validation,
    test,
    threshold: thresholdOf(config, validation, rule),
    ...(folds.length > 0 && { folds: folds.map(({ fold, ...results }) => ({ fold, ...measureRun(results) })) }),
  };
}

/** The runs of a cross-validation by the names of their folds; none for another run. @throws {InputError} `RUN_FOLD_MISSING` */
async function readFolds(directory: RunDirectory, rule?: ThresholdRule) {
  if (!existsSync(directory.folds)) return [];
  const { folds } = await readJson<{ readonly folds: readonly { readonly fold: string }[] }>(directory.folds);
  const gone = folds.filter(({ fold }) => !existsSync(directory.fold(fold))).map(({ fold }) => fold);
  if (gone.length > 0) {
    throw new InputError(
      "RUN_FOLD_MISSING",
      `${directory.path} is a cross-validation of ${folds.length} folds without the run of fold ${gone.join(", ")} ` +
        `(${directory.fold(gone[0] as string)}): copy the whole directory, or repeat its histo train, which trains what is missing.`,
    );
  }
  return Promise.all(
    folds.map(async ({ fold }) => ({ fold, ...(await readRun(directory.fold(fold), rule && { rule })) })),
  );
}

/** What is true of the runs of all folds. */
function commonFacts({ classes, together, drawn }: Partial<RunConfig> = {}): Partial<RunConfig> {
  return { ...(classes && { classes }), ...(together && { together }), ...(drawn && { drawn }) };
}

/** Conditions on finished runs; empty names mean any. */
interface RunFilter {
  /** The data set that they were trained on. */
  readonly data?: string;
  /** Its positive class. */
  readonly positive?: string;
}

/** Depth of the search for runs below a folder. */
const DEPTH = 3;

/** Finds finished runs (folders with `predictions-test.csv`) below a folder, newest first. */
export async function findRuns(folder: string, { data, positive }: RunFilter = {}): Promise<string[]> {
  const found: { path: string; finished: number }[] = [];
  const search = async (path: string, left: number): Promise<void> => {
    const directory = new RunDirectory(path);
    const predictions = await stat(directory.predictions("test")).catch(() => undefined);
    if (predictions && (await fits(directory))) found.push({ path, finished: predictions.mtimeMs });
    if (predictions || left === 0) return;
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) if (entry.isDirectory()) await search(join(path, entry.name), left - 1);
  };
  const fits = async ({ config: file }: RunDirectory): Promise<boolean> => {
    if (!data && !positive) return true;
    const config = await readJson<Partial<RunConfig>>(file).catch((): Partial<RunConfig> => ({}));
    const sameData = !data || (config.data !== undefined && resolve(config.data) === resolve(data));
    return sameData && (!positive || config.classes?.[1] === positive);
  };
  await search(resolve(folder), DEPTH);
  return found.sort((a, b) => b.finished - a.finished).map(({ path }) => path);
}

function thresholdOf(
  config: Partial<RunConfig>,
  validation: readonly Prediction[],
  rule?: ThresholdRule,
): RunThreshold {
  const configured = config.thresholdRule === undefined ? undefined : parseThresholdRule(config.thresholdRule);
  if (!rule && config.threshold !== undefined) {
    return { value: config.threshold, ...(configured && { rule: thresholdRuleText(configured) }) };
  }
  if (validation.length === 0) {
    if (rule) {
      const message = "--threshold-rule needs predictions-validation.csv to choose the threshold.";
      throw new InputError("RUN_UNFINISHED", message);
    }
    return { value: 0.5 };
  }
  const { labels, scores } = labelsAndScores(validation);
  const chosen = chooseThreshold(labels, scores, rule ?? configured);
  if (!Number.isNaN(chosen.value)) return { value: chosen.threshold, rule: chosen.rule };
  if (rule) {
    const message = "--threshold-rule cannot choose: all images of predictions-validation.csv are of one class.";
    throw new InputError("THRESHOLD_ONE_CLASS", message);
  }
  return { value: chosen.threshold };
}

/** The metrics of predictions, as in `metrics.json`: decisions by the probabilities, areas by the logits. */
export function measurePredictions(rows: readonly Prediction[], threshold: number): BinaryMetrics {
  const { labels, scores, logits: rankBy, groups } = labelsAndScores(rows);
  return binaryMetrics(labels, scores, { threshold, interval: { groups }, rankBy });
}

/** The metrics of both partitions at the run's threshold; without partitions that have no rows. */
export function measureRun(results: Pick<RunResults, "validation" | "test" | "threshold">): RunMetrics {
  const { validation, test, threshold } = results;
  return {
    ...(validation.length > 0 && { validation: measurePredictions(validation, threshold.value) }),
    ...(test.length > 0 && { test: measurePredictions(test, threshold.value) }),
  };
}

/** The epoch with the best weights, counted from 1. Undefined without a history. */
export function bestEpoch({ history, config }: Pick<RunResults, "history" | "config">): number | undefined {
  return bestByMonitor(history, monitorOf(config.monitor ?? "rocAuc", config.monitorMode))?.epoch;
}
