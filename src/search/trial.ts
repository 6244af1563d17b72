/** @module One trial: starts or continues a training run in its own directory. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Reading } from "../dataset/index";
import { HistoError, hasErrorCode } from "../errors/index";
import {
  bestByMonitor,
  labelsAndScores,
  monitored,
  monitorOf,
  readHistory,
  readPredictions,
} from "../evaluation/index";
import { runExperiment, type TrackingOptions } from "../experiments/index";
import { readJson } from "../files/index";
import type { GivenTrainingOptions } from "../options/index";
import type { Progress } from "../progress/index";
import { type RunConfig, RunDirectory } from "../runs/index";
import type { RunCallback } from "../training/index";
import type { TrialOutcome } from "./journal";
import { measureObjective, meritOf } from "./objective";

/** A trial as plain data, for another process. */
export interface TrialJob {
  readonly trial: number;
  /** Run directory. */
  readonly run: string;
  readonly options: GivenTrainingOptions;
  readonly objective: string;
  /** Epochs at which to ask whether to continue. */
  readonly rungs: readonly number[];
  readonly tracking?: Omit<TrackingOptions, "say">;
  /** How the data set is read. Default: as today. */
  readonly reading?: Reading;
  /** Folder for bases, for a trial that may continue on another machine. */
  readonly subspaceDirectory?: string;
}

/** The environment of a trial. */
export interface TrialHost {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** True if the trial should end at this rung. @param merit of the best epoch so far; higher is better */
  atRung(trial: number, epoch: number, merit: number): Promise<boolean>;
}

/** A trial has failed for a reason that has nothing to do with its settings. It can continue once this is mended. */
export class MachineFault extends HistoError {
  constructor(readonly reason: string) {
    super("SEARCH_STOPPED", `${reason} The search has stopped; correct this, and repeat the command to continue.`);
  }
}

/** True if any trial would fail in the same way: the disk is full, or the images are out of reach. */
export function isOfMachine(error: unknown): boolean {
  const codes = ["STORE_NO_SPACE", "CACHE_UNUSABLE", "DATA_FOLDER_MISSING", "DATA_IMAGES_MISSING", "DATA_NO_ACCESS"];
  return hasErrorCode(error, ...codes, "ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ENFILE", "ESTALE");
}

const STOP_REASON = "others were better after as many epochs";

/** Runs a trial, from its checkpoint if there is one; of a finished trial, only logs what its log lacks. */
export async function runTrial(job: TrialJob, { signal, progress, atRung }: TrialHost): Promise<TrialOutcome> {
  const directory = new RunDirectory(job.run);
  const monitor = monitorOf(job.objective);
  const asking: RunCallback = {
    async onEpochEnd(trainer, { epoch }) {
      if (!job.rungs.includes(epoch)) return;
      const best = bestByMonitor(trainer.history, monitor);
      const merit = meritOf(best ? monitored(best, monitor) : Number.NaN, monitor);
      if (await atRung(job.trial, epoch, merit)) trainer.stopReason = STOP_REASON;
    },
  };
  await runExperiment(
    { ...job.options, monitor: job.objective },
    {
      run: job.run,
      resume: existsSync(directory.config),
      progress,
      signal,
      variant: "none",
      report: false,
      // The lock of the search or the queue protects its trials, even when they move to another process.
      lock: false,
      track: job.tracking ?? false,
      callbacks: [asking],
      ...(job.reading && { reading: job.reading }),
      ...(job.subspaceDirectory && { subspaceDirectory: job.subspaceDirectory }),
    },
  );
  return outcomeOf(directory, job.objective);
}

async function outcomeOf(run: RunDirectory, objective: string): Promise<TrialOutcome> {
  const { architecture, parameters } = await readJson<RunConfig>(run.config);
  const predictions = await readPredictions(run.predictions("validation"));
  const history = await readHistory(run.history);
  return {
    ...measureObjective(objective, labelsAndScores(predictions)),
    architecture,
    parameters,
    epochs: history.length,
    bestEpoch: bestByMonitor(history, monitorOf(objective))?.epoch ?? 1,
    seconds: history.reduce((sum, { seconds = 0 }) => sum + seconds, 0),
    stoppedEarly: (await readFile(run.log, "utf8")).includes(STOP_REASON),
  };
}
