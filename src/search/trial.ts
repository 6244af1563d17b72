/** @module One trial: a training run in its own directory, begun or continued. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { bestByMonitor, monitored, monitorOf, readHistory, readPredictions } from "../evaluation/index";
import { runExperiment, type TrackingOptions } from "../experiments/index";
import { readJson } from "../files/index";
import type { GivenTrainingOptions } from "../options/index";
import type { Progress } from "../progress/index";
import { type RunConfig, RunDirectory } from "../runs/index";
import type { EpochResult, RunCallback, Trainer } from "../training/index";
import type { TrialOutcome } from "./journal";
import { measureObjective, meritOf } from "./objective";

/** Everything that a trial is made of, as plain data: it may go to another process. */
export interface TrialJob {
  readonly trial: number;
  /** Run directory. */
  readonly run: string;
  readonly options: GivenTrainingOptions;
  readonly objective: string;
  /** Epochs at which to ask whether to go on. */
  readonly rungs: readonly number[];
  readonly tracking?: Omit<TrackingOptions, "say">;
  /** Where bases are, for a trial that may go on on another machine. */
  readonly subspaceDirectory?: string;
}

/** What a trial asks of whoever runs it. */
export interface TrialHost {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** True where the trial is to end at this rung. @param merit of the best epoch so far; higher is better */
  atRung(trial: number, epoch: number, merit: number): Promise<boolean>;
}

const STOP_REASON = "others were better after as many epochs";

/** Runs a trial to its end, from its checkpoint where there is one; a trial that has ended is only read. */
export async function runTrial(job: TrialJob, { signal, progress, atRung }: TrialHost): Promise<TrialOutcome> {
  const directory = new RunDirectory(job.run);
  const begun = existsSync(directory.config);
  const ended = begun && (await readJson<RunConfig>(directory.config)).threshold !== undefined;
  if (!ended) {
    await runExperiment(
      { ...job.options, monitor: job.objective },
      {
        run: job.run,
        resume: begun,
        progress,
        signal,
        variant: "none",
        report: false,
        // The search's own lock, or the queue's, holds for its trials, also where they go from one process to another.
        lock: false,
        track: job.tracking ?? false,
        callbacks: [new HalvingCallback(job, atRung)],
        ...(job.subspaceDirectory && { subspaceDirectory: job.subspaceDirectory }),
      },
    );
  }
  return outcomeOf(directory, job.objective);
}

/** Asks at every rung whether the trial may go on. */
class HalvingCallback implements RunCallback {
  constructor(
    private readonly job: TrialJob,
    private readonly atRung: TrialHost["atRung"],
  ) {}

  async onEpochEnd(trainer: Trainer, { epoch }: EpochResult): Promise<void> {
    if (!this.job.rungs.includes(epoch)) return;
    const monitor = monitorOf(this.job.objective);
    const best = bestByMonitor(trainer.history, monitor);
    const merit = meritOf(best ? monitored(best, monitor) : Number.NaN, monitor);
    if (await this.atRung(this.job.trial, epoch, merit)) trainer.stopReason = STOP_REASON;
  }
}

async function outcomeOf(run: RunDirectory, objective: string): Promise<TrialOutcome> {
  const { architecture, parameters } = await readJson<RunConfig>(run.config);
  const predictions = await readPredictions(run.predictions("validation"));
  const history = await readHistory(run.history);
  return {
    ...measureObjective(
      objective,
      predictions.map(({ label }) => label),
      predictions.map(({ logit }) => logit),
    ),
    architecture,
    parameters,
    epochs: history.length,
    bestEpoch: bestByMonitor(history, monitorOf(objective))?.epoch ?? 1,
    seconds: history.reduce((sum, { seconds = 0 }) => sum + seconds, 0),
    stoppedEarly: (await readFile(run.log, "utf8")).includes(STOP_REASON),
  };
}
