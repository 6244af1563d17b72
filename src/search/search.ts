/** @module The state of a search: the next trial, the results and their ranking. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { HistoError, Interrupted, messageOf } from "../errors/index";
import type { Monitor } from "../evaluation/index";
import type { ParentRun } from "../experiments/tracking/index";
import { plainDecimal } from "../format/index";
import {
  defaultTrainingOptions,
  type GivenTrainingOptions,
  resolveTrainingOptions,
  type TrainingOptions,
} from "../options/index";
import type { Progress } from "../progress/index";
import { RunDirectory } from "../runs/index";
import { highestRate } from "../training/index";
import { rungsOf, stopsAt } from "./halving";
import type { SearchJournal, TrialOutcome, TrialRecord } from "./journal";
import { confirmationName, type LeaderboardRow, leaderboardOf, trialName, writeLeaderboard } from "./leaderboard";
import { meritOf } from "./objective";
import type { Sampler } from "./samplers";
import type { SearchSettings } from "./settings";
import type { Space } from "./space";
import { isOfMachine, MachineFault, type TrialHost, type TrialJob } from "./trial";
import { MOST_STARTS, type TrialPool, type TrialRunner, WorkerLost } from "./workers";

/** A search gives up after this many failures without a success. */
const MOST_FAILURES = 3;

interface SearchParts {
  readonly directory: string;
  readonly settings: SearchSettings;
  readonly objective: Monitor;
  readonly journal: SearchJournal;
  readonly sampler: Sampler;
  readonly trials: number;
  readonly keepBest: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly parent: ParentRun | undefined;
  /** Folder for bases, for trials that may continue on another machine. */
  readonly subspaceDirectory: string | undefined;
}

export class Search {
  private readonly taken = new Set<number>();
  private givenUp: HistoError | undefined;

  constructor(private readonly parts: SearchParts) {}

  /** True if there are trials to start or to finish. */
  get isOpen(): boolean {
    const { trials } = this.parts.journal;
    return trials.length < this.parts.trials || trials.some((record) => !isOver(record));
  }

  /** Runs trials until all are finished. */
  async work(runner: TrialRunner): Promise<void> {
    const { signal, progress } = this.parts;
    for (;;) {
      if (this.givenUp) throw this.givenUp;
      if (signal.aborted) return;
      const record = await this.take();
      if (!record) return;
      const { trial } = record;
      try {
        const outcome = await this.runTrial(runner, this.jobOf(record));
        await this.parts.journal.append({ type: "finished", trial, outcome });
        await this.report(record);
      } catch (error) {
        if (error instanceof Interrupted || signal.aborted) return;
        this.stopIfOfMachine(error);
        const reason = messageOf(error);
        await this.parts.journal.append({ type: "failed", trial, reason });
        progress.say(`Trial ${trial} failed: ${reason}`);
        this.giveUpIfAllFailed(reason);
      }
    }
  }

  /** Trains the best trials from the subspace again on pixels, unless that has been done. */
  async confirm(pool: TrialPool, count: number): Promise<void> {
    const { progress, signal } = this.parts;
    const best = this.rows().filter(({ trial }) => this.optionsOf(this.recordOf(trial)).stem === "subspace");
    const open = best.slice(0, count).map(({ trial }) => this.recordOf(trial));
    const left = open.filter(({ confirmation, unconfirmed }) => !confirmation && unconfirmed === undefined);
    if (left.length === 0 || signal.aborted) return;
    progress.say(`Training the best ${open.length} again on pixels (--confirm 0 skips this)`);
    await pool.each(async (runner) => {
      for (let record = left.shift(); record && !signal.aborted; record = left.shift()) {
        if (this.givenUp) throw this.givenUp;
        const { trial, outcome } = record;
        try {
          const confirmed = await this.runTrial(runner, this.confirmationOf(record));
          await this.parts.journal.append({ type: "confirmed", trial, outcome: confirmed });
          await this.rank();
          const values = `${plainDecimal(confirmed.value, 4)} on pixels, ${plainDecimal(outcome?.value, 4)} in the subspace`;
          progress.say(`Trial ${trial}: ${this.parts.settings.objective} ${values}`);
        } catch (error) {
          if (error instanceof Interrupted || signal.aborted) return;
          this.stopIfOfMachine(error);
          await this.parts.journal.append({ type: "unconfirmed", trial, reason: messageOf(error) });
          progress.say(`Trial ${trial} could not be trained on pixels: ${messageOf(error)}`);
        }
      }
    });
  }

  /** Ranks the finished trials, writes the leaderboard, and removes the weights of all but the best. */
  async rank(): Promise<LeaderboardRow[]> {
    const rows = this.rows();
    await writeLeaderboard(this.parts.directory, rows);
    for (const { run, confirmed } of rows.slice(this.parts.keepBest)) {
      for (const name of confirmed ? [run, confirmed.run] : [run]) {
        const files = new RunDirectory(join(this.parts.directory, name));
        await rm(files.bestWeights, { force: true });
        await rm(files.checkpoints, { recursive: true, force: true });
      }
    }
    return rows;
  }

  private rows(): LeaderboardRow[] {
    return leaderboardOf(this.parts.journal.trials, this.parts.objective);
  }

  private recordOf(trial: number): TrialRecord {
    return this.parts.journal.trials[trial] as TrialRecord;
  }

  /** The next trial: one that was started but not finished, otherwise a new one. */
  private async take(): Promise<TrialRecord | undefined> {
    const { trials } = this.parts.journal;
    const open = trials.find((record) => !isOver(record) && !this.taken.has(record.trial));
    if (open) {
      this.taken.add(open.trial);
      return open;
    }
    if (trials.length >= this.parts.trials) return undefined;
    const known = trials.map(({ settings, outcome }) => ({
      settings,
      ...(outcome && { merit: meritOf(outcome.value, this.parts.objective) }),
    }));
    const trial = trials.length;
    const settings = this.parts.sampler(trial, known);
    if (!settings) return undefined;
    this.taken.add(trial);
    await this.parts.journal.append({ type: "started", trial, settings });
    return trials[trial];
  }

  /** Runs a trial, and restarts it if its worker is lost. */
  private async runTrial(runner: TrialRunner, job: TrialJob): Promise<TrialOutcome> {
    for (let start = 1; ; start++) {
      try {
        return await runner.run(job, this.host);
      } catch (error) {
        if (!(error instanceof WorkerLost) || start === MOST_STARTS || this.parts.signal.aborted) throw error;
        this.parts.progress.say(`Trial ${job.trial}: ${error.message} It continues from its checkpoint.`);
      }
    }
  }

  private optionsOf({ settings }: TrialRecord): TrialJob["options"] {
    const { data, dataset, space, seed } = this.parts.settings;
    return { seed, ...space.fixed, ...settings, data, dataset };
  }

  private jobOf(record: TrialRecord): TrialJob {
    const { halving } = this.parts.settings;
    const options = this.optionsOf(record);
    const rungs = halving ? rungsOf(halving, options.epochs ?? defaultTrainingOptions.epochs) : [];
    return { ...this.common(record, trialName(record.trial)), options, rungs };
  }

  private confirmationOf(record: TrialRecord): TrialJob {
    const options = onPixels(this.optionsOf(record));
    return { ...this.common(record, confirmationName(record.trial)), options, rungs: [] };
  }

  private common({ trial }: TrialRecord, name: string): Omit<TrialJob, "options" | "rungs"> {
    const { parent, subspaceDirectory } = this.parts;
    const { reading } = this.parts.settings;
    const purpose = name === trialName(trial) ? "search" : "confirmation";
    const tracking = parent?.nested({ trial: String(trial), purpose });
    return {
      trial,
      run: join(this.parts.directory, name),
      objective: this.parts.settings.objective,
      ...(reading && { reading }),
      ...(tracking && { tracking }),
      ...(subspaceDirectory && { subspaceDirectory }),
    };
  }

  private get host(): TrialHost {
    const { signal, progress } = this.parts;
    return {
      signal,
      progress: barsOnly(progress),
      atRung: async (trial, epoch, merit) => {
        const { halving } = this.parts.settings;
        if (!halving) return false;
        const stop = stopsAt(halving, this.parts.journal.rungs, { trial, epoch, merit });
        const again = this.parts.journal.rungs.some((rung) => rung.trial === trial && rung.epoch === epoch);
        if (!again) await this.parts.journal.append({ type: "rung", trial, epoch, merit, stop });
        return stop;
      },
    };
  }

  private async report({ trial, settings, outcome }: TrialRecord): Promise<void> {
    if (!outcome) return;
    const rows = await this.rank();
    const { progress, parent, trials } = this.parts;
    const rank = rows.find((row) => row.trial === trial)?.rank;
    progress.say(
      `Trial ${trial}: ${this.parts.settings.objective} ${plainDecimal(outcome.value, 4)}, rank ${rank} of ${rows.length} (${trials} in all)` +
        `${outcome.stoppedEarly ? `, stopped after epoch ${outcome.epochs}` : ""} ${JSON.stringify(settings)}`,
    );
    if (rows[0]) parent?.active.logMetrics({ "search/best": rows[0].value }, rows.length);
  }

  /** Stops the search: all further trials would count as failed too, and would not be repeated. */
  private stopIfOfMachine(error: unknown): void {
    if (!(error instanceof MachineFault) && !isOfMachine(error)) return;
    this.givenUp = error instanceof MachineFault ? error : new MachineFault(messageOf(error));
    throw this.givenUp;
  }

  private giveUpIfAllFailed(reason: string): void {
    const { trials } = this.parts.journal;
    const failures = trials.filter(({ failure }) => failure !== undefined).length;
    if (failures < MOST_FAILURES || trials.some(({ outcome }) => outcome)) return;
    this.givenUp = new HistoError("SEARCH_ALL_FAILED", `All ${failures} trials failed, the last with: ${reason}`);
  }
}

function isOver({ outcome, failure }: TrialRecord): boolean {
  return outcome !== undefined || failure !== undefined;
}

/** Progress with bars but without lines, because the search itself reports the results, without those of the test set. */
export function barsOnly(progress: Progress): Progress {
  return {
    say: () => undefined,
    start(label, total, unit) {
      const task = progress.start(label, total, unit);
      return { update: (done, note) => task.update(done, note), finish: () => undefined };
    },
  };
}

/** True if trials of the space may be in the subspace. */
export function searchesSubspace({ fixed, searched }: Space): boolean {
  const { stem } = searched;
  return fixed.stem === "subspace" || (stem !== undefined && "choice" in stem && stem.choice.includes("subspace"));
}

/**
 * The options of the same network on pixels, without extra features. A learning rate keeps its ratio to the automatic one,
 * which is lower on pixels because a unit has hundreds of times as many inputs (see {@link highestRate}).
 */
export function onPixels(options: GivenTrainingOptions): GivenTrainingOptions {
  const { rank, whitening, extraFeatures, ...rest } = options;
  const automatic = (stem: TrainingOptions["stem"]) =>
    highestRate(resolveTrainingOptions({ ...rest, stem, lr: "auto" }));
  const { lr = "auto" } = options;
  return {
    ...rest,
    stem: "pixels",
    lr: lr === "auto" ? lr : (lr * automatic("pixels")) / automatic("subspace"),
  };
}
