/** @module A whole search: asks the sampler, runs trials, keeps the journal, ranks what came out. */
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type DatasetOptions, loadDataset } from "../dataset/index";
import { HistoError, Interrupted, messageOf } from "../errors/index";
import { type Progress, silentProgress } from "../progress/index";
import { defaultTrainingOptions, RunDirectory } from "../runs/index";
import type { Monitor } from "../training/index";
import { type Halving, rungsOf, stopsAt } from "./halving";
import { SearchJournal, type TrialRecord } from "./journal";
import { type LeaderboardRow, leaderboardOf, smallestAsGood, writeLeaderboard } from "./leaderboard";
import { lockFile } from "./lock";
import { meritOf, objectiveNamed } from "./objective";
import { prepareShared } from "./prepare";
import { createSampler, type Sampler, type SamplerName } from "./samplers";
import { type SearchSettings, settleSettings } from "./settings";
import type { Space } from "./space";
import { SearchTracker, type SearchTracking } from "./track-search";
import type { TrialHost, TrialJob } from "./trial";
import { createRunners, type TrialRunner, WorkerLost } from "./workers";

export interface SearchOptions {
  readonly data: string;
  readonly dataset?: DatasetOptions;
  readonly space: Space;
  /** The search's directory; a search that is there is continued. */
  readonly run: string;
  /** Trials in all, those of earlier calls included; 20 unless told. */
  readonly trials?: number;
  /** Processes; 1 (in this process) unless told. */
  readonly workers?: number;
  /** `rocAuc` unless told. */
  readonly objective?: string;
  readonly sampler?: SamplerName;
  readonly seed?: number;
  /** Stop poor trials early. */
  readonly halving?: Halving | false;
  /** How many of the best trials keep their weights; 3 unless told. */
  readonly keepBest?: number;
  readonly track?: SearchTracking | false;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface SearchResult {
  /** The search's directory, absolute. */
  readonly run: string;
  readonly objective: string;
  readonly trials: number;
  readonly finished: number;
  readonly failed: number;
  readonly stoppedEarly: number;
  readonly best: LeaderboardRow | undefined;
  /** The smallest network whose interval reaches the best value. */
  readonly smallest: LeaderboardRow | undefined;
  readonly leaderboard: readonly LeaderboardRow[];
  readonly runUrl?: string;
}

/** How often a trial is taken up again after its worker was lost. */
const LIVES = 3;
/** Failures without one success after which a search gives up. */
const HOPELESS = 3;

/**
 * Searches. May be stopped or killed at any time: the same call goes on, repeats no finished trial, and continues the
 * others from their checkpoints.
 * @throws {InputError} for options and data that cannot be used, before anything is written
 * @throws {Interrupted} when `signal` is aborted
 */
export async function runSearch(options: SearchOptions): Promise<SearchResult> {
  const { progress = silentProgress, signal = new AbortController().signal, trials = 20, workers = 1 } = options;
  const { objective = "rocAuc", sampler = "tpe", seed = 0, halving = false, dataset = {} } = options;
  const directory = resolve(options.run);
  const data = resolve(options.data);
  const monitor = objectiveNamed(objective);
  const next = createSampler(sampler, options.space, seed);
  await loadDataset(data, dataset);
  const settings: SearchSettings = {
    data,
    dataset,
    space: options.space,
    objective,
    sampler,
    seed,
    halving: halving || null,
  };
  await settleSettings(directory, settings);
  const unlock = await lockFile(join(directory, "lock"));
  const journal = await SearchJournal.open(join(directory, "journal.jsonl"));
  const tracker = await SearchTracker.start(directory, settings, options.track || undefined, progress);
  const search = new Search(directory, settings, monitor, journal, next, {
    trials,
    keepBest: options.keepBest ?? 3,
    progress,
    signal,
    tracker,
  });
  const runners = createRunners(workers);
  try {
    if (workers > 1 && journal.trials.length < trials) {
      await prepareShared(options.space, { data, dataset, seed }, { progress: barsOnly(progress), signal });
    }
    await Promise.all(runners.map((runner) => search.work(runner)));
    if (signal.aborted) throw new Interrupted(`Stopped; the same command goes on with ${directory}.`);
    const rows = await search.rank();
    const runUrl = await tracker?.finish(rows, options.space, monitor);
    return { ...summary(directory, objective, journal.trials, rows), ...(runUrl && { runUrl }) };
  } catch (error) {
    await tracker?.end(error instanceof Interrupted ? "KILLED" : "FAILED");
    throw error;
  } finally {
    for (const runner of runners) runner.close();
    await journal.close();
    await unlock();
  }
}

function summary(run: string, objective: string, trials: readonly TrialRecord[], rows: readonly LeaderboardRow[]) {
  return {
    run,
    objective,
    trials: trials.length,
    finished: rows.length,
    failed: trials.filter(({ failure }) => failure !== undefined).length,
    stoppedEarly: rows.filter(({ stoppedEarly }) => stoppedEarly).length,
    best: rows[0],
    smallest: smallestAsGood(rows),
    leaderboard: rows,
  };
}

interface SearchContext {
  readonly trials: number;
  readonly keepBest: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly tracker: SearchTracker | undefined;
}

/** The state of a search that its workers share. */
class Search {
  private readonly taken = new Set<number>();
  private readonly lost = new Map<number, number>();
  private hopeless: HistoError | undefined;

  constructor(
    private readonly directory: string,
    private readonly settings: SearchSettings,
    private readonly objective: Monitor,
    private readonly journal: SearchJournal,
    private readonly sampler: Sampler,
    private readonly context: SearchContext,
  ) {}

  /** Runs trials until none is left. */
  async work(runner: TrialRunner): Promise<void> {
    const { signal } = this.context;
    for (;;) {
      if (this.hopeless) throw this.hopeless;
      if (signal.aborted) return;
      const record = await this.take();
      if (!record) return;
      try {
        const outcome = await runner.run(this.jobOf(record), this.host);
        await this.journal.append({ type: "finished", trial: record.trial, outcome });
        await this.report(record);
      } catch (error) {
        if (error instanceof Interrupted || signal.aborted) return;
        await this.bury(record, error);
      }
    }
  }

  /** Ranks what is finished, writes the leaderboard, and drops the weights of all but the best. */
  async rank(): Promise<LeaderboardRow[]> {
    const rows = leaderboardOf(this.journal.trials, this.objective, trialName);
    await writeLeaderboard(this.directory, rows);
    for (const { trial } of rows.slice(this.context.keepBest)) {
      const run = new RunDirectory(this.pathOf(trial));
      await rm(run.bestWeights, { force: true });
      await rm(run.checkpoints, { recursive: true, force: true });
    }
    return rows;
  }

  /** The next trial: one that was begun and not ended, else a new one. */
  private async take(): Promise<TrialRecord | undefined> {
    const { trials } = this.journal;
    const open = trials.find(
      ({ trial, outcome, failure }) => !outcome && failure === undefined && !this.taken.has(trial),
    );
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

  private jobOf({ trial, settings }: TrialRecord): TrialJob {
    const { data, dataset, space, objective, seed, halving } = this.settings;
    const options = { seed, ...space.fixed, ...settings, data, dataset };
    const epochs = Number((options as { epochs?: number }).epochs ?? defaultTrainingOptions.epochs);
    const tracking = this.context.tracker?.trial(trial);
    return {
      trial,
      run: this.pathOf(trial),
      options,
      objective,
      rungs: halving ? rungsOf(halving, epochs) : [],
      ...(tracking && { tracking }),
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
      `Trial ${trial + 1} of ${trials}: ${this.settings.objective} ${outcome.value.toFixed(4)}, rank ${rank} of ${rows.length}` +
        `${outcome.stoppedEarly ? `, stopped after epoch ${outcome.epochs}` : ""} ${JSON.stringify(settings)}`,
    );
    tracker?.progress(rows);
  }

  /** A trial that failed is not repeated; one whose worker was lost is, a few times. */
  private async bury(record: TrialRecord, error: unknown): Promise<void> {
    const { trial } = record;
    const { progress } = this.context;
    const losses = (this.lost.get(trial) ?? 0) + (error instanceof WorkerLost ? 1 : 0);
    this.lost.set(trial, losses);
    if (error instanceof WorkerLost && losses < LIVES) {
      progress.say(`Trial ${trial + 1}: ${error.message} It goes on from its checkpoint.`);
      this.taken.delete(trial);
      return;
    }
    const reason = messageOf(error);
    await this.journal.append({ type: "failed", trial, reason });
    progress.say(`Trial ${trial + 1} failed: ${reason}`);
    const { trials } = this.journal;
    const failures = trials.filter(({ failure }) => failure !== undefined).length;
    if (failures >= HOPELESS && !trials.some(({ outcome }) => outcome)) {
      this.hopeless = new HistoError("SEARCH_ALL_FAILED", `All ${failures} trials failed, the last with: ${reason}`);
    }
  }

  private pathOf(trial: number): string {
    return join(this.directory, trialName(trial));
  }
}

/** A trial shows what it is doing, and leaves no lines: its result is said by the search, without the test set's. */
function barsOnly(progress: Progress): Progress {
  return {
    say: () => undefined,
    start(label, total, unit) {
      const task = progress.start(label, total, unit);
      return { update: (done, note) => task.update(done, note), finish: () => undefined };
    },
  };
}

function trialName(trial: number): string {
  return `trial-${String(trial).padStart(3, "0")}`;
}
