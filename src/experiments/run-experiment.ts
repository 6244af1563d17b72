/** @module One experiment, from data to an exported and tracked model, for `histo train` and the notebooks. */
import { rmdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { HistoError, InputError, Interrupted, messageOf } from "../errors/index";
import { exportRun, type Variant } from "../export/index";
import { makeOutputFolder, readJson, takeLock } from "../files/index";
import type { GivenTrainingOptions, TrainingOptions } from "../options/index";
import { type Progress, silentProgress } from "../progress/index";
import { writeReport } from "../report/index";
import { RunDirectory } from "../runs/index";
import { type RunTrainingOptions, runTraining, type TrainingResult } from "../training/index";
import { type Logged, trainingPage } from "./run-log";
import { type TrackingOptions, TrainingTracker } from "./track-training";

/** `auto`: {@link usualVariant}, and fp32 where no compact form is close enough. */
export type ExportChoice = Variant | "auto" | "none";

/** compact for a subspace, whose parts it can leave out; else fp32. */
export function usualVariant({ stem }: Partial<Pick<TrainingOptions, "stem">>): Variant {
  return stem === "subspace" ? "compact" : "fp32";
}

export interface ExperimentOptions extends RunTrainingOptions {
  /** Log to MLflow. */
  readonly track?: TrackingOptions | false;
  /** Export the best model into `model/` of the run; see {@link ExportChoice}. */
  readonly variant?: ExportChoice;
  /** Write `report.html`. Default: true. */
  readonly report?: boolean;
  /** Fail if another process trains in the run directory. Default: true. A search has its own lock. */
  readonly lock?: boolean;
}

export interface ExperimentResult extends TrainingResult, Logged {
  /** Directory of the exported model. */
  readonly model?: string;
}

/** Trains, exports and logs. @throws {InputError} `OUT_NOT_WRITABLE`, `RUN_BUSY`, and the errors of {@link runTraining} */
export async function runExperiment(
  options: GivenTrainingOptions,
  { lock = true, ...experiment }: ExperimentOptions,
): Promise<ExperimentResult> {
  if (!lock) return trainExportAndLog(options, experiment);
  const run = resolve(experiment.run);
  await makeOutputFolder("--run", run);
  const unlock = await lockRun(run);
  try {
    return await trainExportAndLog(options, experiment);
  } finally {
    unlock();
    // Removes the directory only if it is empty, because the training failed at the start.
    await rmdir(run).catch(() => undefined);
  }
}

/** Takes a run's lock and returns its release. @throws {InputError} `RUN_BUSY` if another process trains there */
export function lockRun(run: string): Promise<() => void> {
  return takeLock(
    join(run, "lock"),
    (holder) =>
      new InputError("RUN_BUSY", `--run ${run}: process ${holder} is training there; wait for it or choose another.`),
  );
}

async function trainExportAndLog(
  options: GivenTrainingOptions,
  { track = false, variant = "none", report = true, ...training }: Omit<ExperimentOptions, "lock">,
): Promise<ExperimentResult> {
  const { progress = silentProgress, signal, callbacks = [] } = training;
  const tracker = track ? new TrainingTracker({ say: (line) => progress.say(line), ...track }) : undefined;
  let finished: ExperimentResult;
  try {
    const result = await runTraining(options, {
      ...training,
      callbacks: [...callbacks, ...(tracker ? [tracker] : [])],
    });
    const model = variant === "none" ? undefined : new RunDirectory(result.run).model;
    if (model && variant !== "none") {
      await exportAs(variant, { run: result.run, out: model, progress, ...(signal && { signal }) });
    }
    // After the export: its heat maps need the model.
    if (report) await reportOn(result.run, progress, signal);
    const logged = await tracker?.finish(model);
    if (logged?.runUrl) progress.say(`MLflow: ${trainingPage(logged.runUrl)}`);
    finished = { ...result, ...(model && { model }), ...logged };
  } catch (error) {
    await tracker?.end(error instanceof Interrupted || signal?.aborted ? "KILLED" : "FAILED");
    throw error;
  }
  if (signal?.aborted)
    throw new Interrupted(`Stopped; the run ${finished.run} is complete, perhaps without its report.`);
  return finished;
}

async function exportAs(
  choice: Variant | "auto",
  options: { run: string; out: string; progress: Progress; signal?: AbortSignal },
): Promise<void> {
  const config = await readJson<Partial<TrainingOptions>>(new RunDirectory(options.run).config);
  const variant = choice === "auto" ? usualVariant(config) : choice;
  try {
    await exportRun({ ...options, variant });
  } catch (error) {
    const isImpossible = error instanceof HistoError && ["EXPORT_TOO_LOSSY", "EXPORT_TILES_ALIKE"].includes(error.code);
    if (choice !== "auto" || !isImpossible) throw error;
    options.progress.say(
      `No compact form of the model of ${options.run} is close enough to it; it is exported as fp32.`,
    );
    await exportRun({ ...options, variant: "fp32" });
  }
}

/** Writes the report. A failure is only a warning, because the experiment has its model. */
async function reportOn(run: string, progress: Progress, signal: AbortSignal | undefined): Promise<void> {
  try {
    await writeReport(run, undefined, {}, { progress, signal });
  } catch (error) {
    const why = signal?.aborted ? "stopped" : messageOf(error);
    progress.say(`Warning: no report was written (${why}); try again with histo evaluate --run ${run} --report.`);
  }
}
