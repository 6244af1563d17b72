/** @module The state of a search that its workers share: which trial is next, what came out, who is best. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { HistoError, Interrupted, messageOf } from "../errors/index";
import type { Monitor } from "../evaluation/index";
import { defaultTrainingOptions } from "../options/index";
import { decimal, type Progress } from "../progress/index";
import { RunDirectory } from "../runs/index";
import { onPixels } from "./confirm";
import { rungsOf, stopsAt } from "./halving";
import type { SearchJournal, TrialOutcome, TrialRecord } from "./journal";
import { confirmationName, type LeaderboardRow, leaderboardOf, trialName, writeLeaderboard } from "./leaderboard";
import { meritOf } from "./objective";
import type { Sampler } from "./samplers";
import type { SearchSettings } from "./settings";
import type { SearchTracker } from "./track-search";
import type { TrialHost, TrialJob } from "./trial";
import { type TrialPool, type TrialRunner, WorkerLost } from "./workers";

/** How often a trial is begun whose worker is lost. */
const LIVES = 3;
/** Failures without one success after which a search gives up. */
const HOPELESS = 3;

interface SearchContext {
  readonly trials: number;
  readonly keepBest: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly tracker: SearchTracker | undefined;
  /** Where bases are, for trials that may go on on another machine. */
  readonly subspaceDirectory: string | undefined;
}

/** A search under way. */
export class Search {
  private readonly taken = new Set<number>();
  private hopeless: HistoError | undefined;

  constructor(
    private readonly directory: string,
    private readonly settings: SearchSettings,
    private readonly objective: Monitor,
    private readonly journal: SearchJournal,
    private readonly sampler: Sampler,
    private readonly context: SearchContext,
  ) {}

  /** True where a trial has yet to be begun or ended. */
  get isOpen(): boolean {
    const { trials } = this.journal;
    return trials.length < this.context.trials || trials.some((record) => !isOver(record));
  }

  /** Runs trials until none is left. */
  async work(runner: TrialRunner): Promise<void> {
    const { signal, progress } = this.context;
    for (;;) {
      if (this.hopeless) throw this.hopeless;
      if (signal.aborted) return;
      const record = await this.take();
      if (!record) return;
      const { trial } = record;
      try {
        const outcome = await this.see(runner, this.jobOf(record));
        await this.journal.append({ type: "finished", trial, outcome });
        await this.report(record);
      } catch (error) {
        if (error instanceof Interrupted || signal.aborted) return;
        const reason = messageOf(error);
        await this.journal.append({ type: "failed", trial, reason });
        progress.say(`Trial ${trial + 1} failed: ${reason}`);
        this.giveUpWhereHopeless(reason);
      }
    }
  }

  /** Trains the best trials in the subspace again on pixels, those that have not been yet. */
  async confirm(pool: TrialPool, count: number): Promise<void> {
    const { progress, signal } = this.context;
    const best = this.rows().filter(({ trial }) => this.optionsOf(this.recordOf(trial)).stem === "subspace");
    const open = best.slice(0, count).map(({ trial }) => this.recordOf(trial));
    const left = open.filter(({ confirmation, unconfirmed }) => !confirmation && unconfirmed === undefined);
    if (left.length === 0 || signal.aborted) return;
    progress.say(`Training the best ${open.length} again on pixels (--confirm 0 leaves this out)`);
    await pool.each(async (runner) => {
      for (let record = left.shift(); record && !signal.aborted; record = left.shift()) {
        const { trial, outcome } = record;
        try {
          const confirmed = await this.see(runner, this.confirmationOf(record));
          await this.journal.append({ type: "confirmed", trial, outcome: confirmed });
          await this.rank();
          const values = `${decimal(confirmed.value, 4)} on pixels, ${decimal(outcome?.value, 4)} in the subspace`;
          progress.say(`Trial ${trial + 1}: ${this.settings.objective} ${values}`);
        } catch (error) {
          if (error instanceof Interrupted || signal.aborted) return;
          await this.journal.append({ type: "unconfirmed", trial, reason: messageOf(error) });
          progress.say(`Trial ${trial + 1} could not be trained on pixels: ${messageOf(error)}`);
        }
      }
    });
  }

  /** Ranks what is finished, writes the leaderboard, and drops the weights of all but the best. */
  async rank(): Promise<LeaderboardRow[]> {
    const rows = this.rows();
    await writeLeaderboard(this.directory, rows);
    for (const { run, confirmed } of rows.slice(this.context.keepBest)) {
      for (const name of confirmed ? [run, confirmed.run] : [run]) {
        const files = new RunDirectory(join(this.directory, name));
        await rm(files.bestWeights, { force: true });
        await rm(files.checkpoints, { recursive: true, force: true });
      }
    }
    return rows;
  }

  private rows(): LeaderboardRow[] {
    return leaderboardOf(this.journal.trials, this.objective);
  }

  private recordOf(trial: number): TrialRecord {
    return this.journal.trials[trial] as TrialRecord;
  }

  /** The next trial: one that was begun and not ended, else a new one. */
  private async take(): Promise<TrialRecord | undefined> {
    const { trials } = this.journal;
    const open = trials.find((record) => !isOver(record) && !this.taken.has(record.trial));
    if (open) {
      this.taken.add(open.trial);
      return open;
    }
    if (trials.length >= this.context.trials) return undefined;
    const known = trials.map(({ settings, outcome }) => ({
      settings,
      ...(outcome && { merit: meritOf(outcome.value, this.objective) }),
    }));
    const trial = trials.length;
    const settings = this.sampler(trial, known);
    if (!settings) return undefined;
    this.taken.add(trial);
    await this.journal.append({ type: "started", trial, settings });
    return trials[trial];
  }

  /** Sees a trial through to its end, also where its worker is lost on the way. */
  private async see(runner: TrialRunner, job: TrialJob): Promise<TrialOutcome> {
    for (let life = 1; ; life++) {
      try {
        return await runner.run(job, this.host);
      } catch (error) {
        if (!(error instanceof WorkerLost) || life === LIVES || this.context.signal.aborted) throw error;
        this.context.progress.say(`Trial ${job.trial + 1}: ${error.message} It continues from its checkpoint.`);
      }
    }
  }

  private optionsOf({ settings }: TrialRecord): TrialJob["options"] {
    const { data, dataset, space, seed } = this.settings;
    return { seed, ...space.fixed, ...settings, data, dataset };
  }

  private jobOf(record: TrialRecord): TrialJob {
    const { halving } = this.settings;
    const options = this.optionsOf(record);
    const rungs = halving ? rungsOf(halving, options.epochs ?? defaultTrainingOptions.epochs) : [];
    return { ...this.common(record, trialName(record.trial)), options, rungs };
  }

  private confirmationOf(record: TrialRecord): TrialJob {
    const options = onPixels(this.optionsOf(record));
    return { ...this.common(record, confirmationName(record.trial)), options, rungs: [] };
  }

  private common({ trial }: TrialRecord, name: string): Omit<TrialJob, "options" | "rungs"> {
    const { tracker, subspaceDirectory } = this.context;
    const tracking = tracker?.trial(trial, name === trialName(trial) ? "search" : "confirmation");
    return {
      trial,
      run: join(this.directory, name),
      objective: this.settings.objective,
      ...(tracking && { tracking }),
      ...(subspaceDirectory && { subspaceDirectory }),
    };
  }

  private get host(): TrialHost {
    const { signal, progress } = this.context;
    return {
      signal,
      progress: barsOnly(progress),
      atRung: async (trial, epoch, merit) => {
        const { halving } = this.settings;
        if (!halving) return false;
        const stop = stopsAt(halving, this.journal.rungs, { trial, epoch, merit });
        const again = this.journal.rungs.some((rung) => rung.trial === trial && rung.epoch === epoch);
        if (!again) await this.journal.append({ type: "rung", trial, epoch, merit, stop });
        return stop;
      },
    };
  }

  private async report({ trial, settings, outcome }: TrialRecord): Promise<void> {
    if (!outcome) return;
    const rows = await this.rank();
    const { progress, tracker, trials } = this.context;
    const rank = rows.find((row) => row.trial === trial)?.rank;
    progress.say(
      `Trial ${trial + 1} of ${trials}: ${this.settings.objective} ${decimal(outcome.value, 4)}, rank ${rank} of ${rows.length}` +
        `${outcome.stoppedEarly ? `, stopped after epoch ${outcome.epochs}` : ""} ${JSON.stringify(settings)}`,
    );
    tracker?.progress(rows);
  }

  private giveUpWhereHopeless(reason: string): void {
    const { trials } = this.journal;
    const failures = trials.filter(({ failure }) => failure !== undefined).length;
    if (failures < HOPELESS || trials.some(({ outcome }) => outcome)) return;
    this.hopeless = new HistoError("SEARCH_ALL_FAILED", `All ${failures} trials failed, the last with: ${reason}`);
  }
}

function isOver({ outcome, failure }: TrialRecord): boolean {
  return outcome !== undefined || failure !== undefined;
}

/** A trial shows what it is doing, and leaves no lines: its result is said by the search, without the test set's. */
export function barsOnly(progress: Progress): Progress {
  return {
    say: () => undefined,
    start(label, total, unit) {
      const task = progress.start(label, total, unit);
      return { update: (done, note) => task.update(done, note), finish: () => undefined };
    },
  };
}
