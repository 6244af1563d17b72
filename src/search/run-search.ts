/** @module Runs a search: samples settings, runs trials, writes the journal and ranks the results. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type DatasetOptions, loadDataset, type Reading } from "../dataset/index";
import { InputError, Interrupted } from "../errors/index";
import type { Monitor } from "../evaluation/index";
import { type Logged, logFigures, ParentRun, type ParentTracking } from "../experiments/tracking/index";
import { takeLock } from "../files/index";
import { counted } from "../format/index";
import { defaultTrainingOptions, type GivenTrainingOptions, resolveTrainingOptions } from "../options/index";
import { type Progress, silentProgress } from "../progress/index";
import type { ActiveRun } from "../tracking/index";
import { openTrainingData, type TaskContext, withTask } from "../training/index";
import { searchFigures } from "./figures";
import { type Halving, rungsOf } from "./halving";
import { SearchJournal, type TrialRecord } from "./journal";
import { bestOnPixels, type LeaderboardRow, smallestAsGood } from "./leaderboard";
import { objectiveNamed } from "./objective";
import { createSampler, type SamplerName } from "./samplers";
import { barsOnly, Search } from "./search";
import { checkSettings, type SearchSettings } from "./settings";
import { largestOf, type Space } from "./space";
import { LocalPool, type TrialPool } from "./workers";

interface SearchOptions {
  readonly data: string;
  readonly dataset?: DatasetOptions;
  readonly space: Space;
  /** The search's directory. An existing search in it continues. */
  readonly run: string;
  /** Total number of trials, including those of earlier calls. Default: 20. */
  readonly trials?: number;
  /** Trials at the same time, each in its own process. Default: 1, in this process; with `redis`: the number of workers. */
  readonly workers?: number | undefined;
  /** Address of a Redis server whose workers (`histo worker`) run the trials. */
  readonly redis?: string | undefined;
  /** Default: `rocAuc`. */
  readonly objective?: string;
  readonly sampler?: SamplerName;
  readonly seed?: number;
  /** Stops poor trials early. */
  readonly halving?: Halving | false;
  /** Number of best trials that keep their weights. Default: 3. */
  readonly keepBest?: number;
  /** Number of best trials in the subspace that are trained again on pixels. Default: none. */
  readonly confirm?: number;
  readonly track?: ParentTracking;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export type SearchResult = ReturnType<typeof summary> & Logged;

/**
 * Runs or continues a search: no finished trial is repeated, and the others continue from their checkpoints.
 * @throws {InputError} before anything is written @throws {Interrupted} when `signal` is aborted
 */
export async function runSearch(options: SearchOptions): Promise<SearchResult> {
  const { progress = silentProgress, signal = new AbortController().signal, trials = 20, confirm = 0 } = options;
  const { objective = "rocAuc", sampler = "tpe", seed = 0, halving = false, dataset = {} } = options;
  const directory = resolve(options.run);
  const data = resolve(options.data);
  const monitor = objectiveNamed(objective);
  const next = createSampler(sampler, options.space, seed);
  if (halving) checkHalving(halving, options.space);
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
  const pool = await openPool(options, { directory, settings, progress, signal });
  let unlock: (() => void) | undefined;
  let journal: SearchJournal | undefined;
  let parent: ParentRun | undefined;
  try {
    const reading = await checkSettings(directory, settings);
    unlock = await takeLock(
      join(directory, "lock"),
      (holder) => new InputError("SEARCH_RUNNING", `${directory}: process ${holder} is running this search.`),
    );
    journal = await SearchJournal.open(join(directory, "journal.jsonl"));
    parent = await ParentRun.start("search", directory, options.track, progress);
    if (parent) await logSettings(parent.active, settings);
    await pool.begin();
    const subspaceDirectory = existsSync(join(directory, "queue.json")) ? join(directory, "subspace") : undefined;
    const search = new Search({
      ...{ directory, journal, trials, progress, signal, parent, subspaceDirectory },
      settings: { ...settings, reading },
      objective: monitor,
      sampler: next,
      keepBest: options.keepBest ?? 3,
    });
    if (search.isOpen) {
      const several = options.redis !== undefined || (options.workers ?? 1) > 1;
      const subspace = subspaceDirectory && { subspaceDirectory };
      const context = { progress: barsOnly(progress), signal, reading, ...subspace };
      if (several) await prepareShared(options.space, { data, dataset, seed }, context);
      await pool.each((runner) => search.work(runner));
    }
    await search.confirm(pool, confirm);
    if (signal.aborted) throw new Interrupted(`Stopped; repeat the command to continue ${directory}.`);
    const rows = await search.rank();
    if (parent) {
      for (const file of ["leaderboard.json", "leaderboard.csv"])
        await parent.active.logArtifact(join(directory, file));
      await logFigures(parent.active, searchFigures(rows, options.space, monitor));
    }
    return { ...summary(directory, monitor, journal.trials, rows), ...(await parent?.finish()) };
  } catch (error) {
    await parent?.fail(error);
    throw error;
  } finally {
    await pool.close();
    await journal?.close();
    unlock?.();
  }
}

async function openPool(
  { redis, workers }: Pick<SearchOptions, "redis" | "workers">,
  context: { directory: string; settings: SearchSettings; progress: Progress; signal: AbortSignal },
): Promise<TrialPool> {
  if (redis === undefined) return new LocalPool(workers ?? 1);
  const { QueuePool } = await import("./queue/index.js"); // loads BullMQ
  return QueuePool.open({ redis, workers, ...context });
}

function summary(run: string, objective: Monitor, trials: readonly TrialRecord[], rows: readonly LeaderboardRow[]) {
  return {
    /** Absolute path of the search's directory. */
    run,
    objective: objective.metric,
    trials: trials.length,
    finished: rows.length,
    failed: trials.filter(({ failure }) => failure !== undefined).length,
    stoppedEarly: rows.filter(({ stoppedEarly }) => stoppedEarly).length,
    best: rows[0],
    /** The smallest network whose interval includes the best value. */
    smallest: smallestAsGood(rows),
    /** The best of the trials that were trained again on pixels. */
    bestOnPixels: bestOnPixels(rows, objective),
    leaderboard: rows,
  };
}

/** @throws {InputError} `OPTION_UNUSED` if no trial is long enough for a comparison */
function checkHalving(halving: Halving, { fixed, searched }: Space): void {
  const most = searched.epochs ? largestOf(searched.epochs) : Number(fixed.epochs ?? defaultTrainingOptions.epochs);
  if (rungsOf(halving, most).length > 0) return;
  const message = `--halving compares trials after ${counted(halving.minimumEpochs, "epoch")} and later, but none trains for more than ${most}; give fewer --min-epochs, or leave --halving out.`;
  throw new InputError("OPTION_UNUSED", message);
}

/** Packs the tiles and computes the basis of the fixed options; both are cached. */
async function prepareShared(
  space: Space,
  given: GivenTrainingOptions,
  context: TaskContext & { readonly signal: AbortSignal; readonly reading: Reading },
): Promise<void> {
  const options = resolveTrainingOptions({ ...space.fixed, ...given });
  const hasBasis = options.stem === "subspace" && !("rank" in space.searched);
  if (hasBasis) await withTask({ ...options, hidden: [1] }, context, async () => undefined);
  else (await openTrainingData(options, context)).close();
}

async function logSettings(active: ActiveRun, settings: SearchSettings): Promise<void> {
  const { data, objective, sampler, seed, halving, space } = settings;
  active.logParams({ data, objective, sampler, seed, halving: JSON.stringify(halving) });
  await active.logDict(space, "space.json");
}
