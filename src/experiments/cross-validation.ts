/** @module K-fold cross-validation: trains once for each fold, validates on that fold, and summarizes the metrics. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { datasetContentHash, foldNames, loadDataset } from "../dataset/index";
import { InputError } from "../errors/index";
import { type FoldMetrics, readPredictions, type Spreads, spreadOf, writePredictions } from "../evaluation/index";
import { makeOutputFolder, writeJson } from "../files/index";
import { defaultTrainingOptions, type GivenTrainingOptions } from "../options/index";
import { type Progress, silentProgress } from "../progress/index";
import { FOLD_PREFIX, RunDirectory } from "../runs/index";
import { ParentRun, type ParentTracking } from "./parent-run";
import { type Logged, numbers } from "./run-log";
import { type ProcessTraining, readingOf, trainOnce } from "./train-process";

interface CrossValidationOptions {
  /** Holds a run for each fold, `folds.json` and the validation predictions of all folds. Finished folds are not repeated. */
  readonly run: string;
  readonly variant: ProcessTraining["export"];
  readonly track?: ParentTracking;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface FoldResult extends Required<FoldMetrics> {
  readonly run: string;
}

/** The output of `histo train --fold all --json`. */
export interface CrossValidation extends Logged {
  readonly run: string;
  readonly folds: readonly FoldResult[];
  readonly validation: Spreads;
  /** On the test set, which is the same for all folds. */
  readonly test: Spreads;
}

/**
 * Trains once for each fold of the data set, one after the other. @throws {InputError} `DATA_...`, `TABLE_...`, `RUN_EXISTS`,
 * `COMPARISON_OTHER` @throws {HistoError} `COMPARISON_FAILED`; {@link Interrupted}, after which the same call continues
 */
export async function crossValidate(
  { data, dataset = {}, ...options }: GivenTrainingOptions,
  { run: path, variant, track, progress = silentProgress, signal }: CrossValidationOptions,
): Promise<CrossValidation> {
  const run = new RunDirectory(resolve(path));
  if (existsSync(run.config)) {
    throw new InputError("RUN_EXISTS", `--run ${run.path} holds a run already; choose another for all folds.`);
  }
  const { fold: _all, ...rest } = dataset;
  const there = await readdir(run.path).catch(() => []);
  const reading = await readingOf(
    there.flatMap((name) => (name.startsWith(FOLD_PREFIX) ? [join(run.path, name)] : [])),
  );
  const loaded = await loadDataset(data, rest, reading);
  const { validationFraction: fraction, splitSeed: seed } = { ...defaultTrainingOptions, ...options };
  const names = foldNames(loaded, { fraction, seed });
  const dataHash = await datasetContentHash(loaded);
  const common = { data: resolve(data), dataHash, options, export: variant, reading, resumable: true };
  await makeOutputFolder("--run", run.path);
  const parent = await ParentRun.start("cross-validation", run.path, track, progress);
  try {
    const folds: FoldResult[] = [];
    for (const [i, fold] of names.entries()) {
      progress.say(`Fold ${fold} (${i + 1} of ${names.length})`);
      const at = run.fold(fold);
      const training = { ...common, run: at, dataset: { ...rest, fold } };
      const result = await trainOnce(training, { progress, signal, tracking: parent?.nested({ fold }) });
      folds.push({ fold, run: at, validation: result.validation, test: result.test });
    }
    const result = {
      run: run.path,
      folds,
      validation: spreadOf(folds.map(({ validation }) => validation)),
      test: spreadOf(folds.map(({ test }) => test)),
    };
    await writePredictions(run.predictions("validation"), await outOfFold(folds));
    await writeJson(run.folds, result);
    return { ...result, ...(parent && (await finish(parent, result))) };
  } catch (error) {
    await parent?.fail(error);
    throw error;
  }
}

/** A prediction for every image outside the test set, by the model that was not trained on it. */
async function outOfFold(folds: readonly FoldResult[]) {
  const files = folds.map(({ run }) => readPredictions(new RunDirectory(run).predictions("validation")));
  return (await Promise.all(files)).flat();
}

async function finish(parent: ParentRun, { run, validation, test }: CrossValidation): Promise<Logged> {
  for (const [name, summary] of Object.entries({ validation_best: validation, test })) {
    for (const [metric, values] of Object.entries(summary)) {
      parent.active.logMetrics(numbers(`${name}/${metric}`, values));
    }
  }
  await parent.active.logArtifact(new RunDirectory(run).folds);
  return parent.finish();
}
