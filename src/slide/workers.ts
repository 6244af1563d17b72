/** @module Predicts the blocks of a slide that its journal does not have yet, in worker processes. */
import { HistoError } from "../errors/index";
import { counted } from "../format/index";
import { usableProcessors } from "../machine/index";
import type { Progress } from "../progress/index";
import type { Grid, tileReading } from "./grid";
import type { Journal } from "./journal";
import type { SlideSource } from "./open-slide";
import { errorOf, type ProgramFailure, startProgram } from "./program";
import type { BlockAnswer } from "./tile-predictor";
import type { Rectangle } from "./types";
import { tilesToCompare } from "./unlike-training";

export type ToSlideWorker =
  | { readonly type: "open"; readonly source: SlideSource; readonly model: string; readonly threads: number }
  | ({ readonly type: "block" } & BlockJob);

export type FromSlideWorker =
  | ({ readonly type: "block"; readonly block: number; readonly use: ProcessUse } & ComparedAnswer)
  | ProgramFailure;

/** The predictions of a block, and the pixels of the readable ones among its tiles to compare with the training tiles. */
interface ComparedAnswer extends BlockAnswer {
  readonly compared: readonly Uint8Array[];
}

export interface ProcessUse {
  /** Peak memory in bytes. */
  readonly memory: number;
  readonly processorSeconds: number;
}

interface BlockJob {
  readonly block: number;
  readonly level: number;
  readonly regions: readonly Rectangle[];
  /** Those to compare with the training tiles. */
  readonly compare: readonly number[];
}

interface Work {
  /** Name of the slide, for errors and progress. */
  readonly name: string;
  readonly source: SlideSource;
  readonly reading: ReturnType<typeof tileReading>;
  readonly model: string;
  /** Parameters of the model, if known. */
  readonly parameters: number | undefined;
  /** Gives `inDistribution` of the pixels of a tile, for a model with statistics of its training tiles. */
  readonly compare: ((pixels: Uint8Array) => Promise<number>) | undefined;
  /** Default: by the number of processors. */
  readonly workers: number | undefined;
  /** Of all workers together. Default: one for each processor. */
  readonly threads: number | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Larger models are loaded by a single worker. */
const LARGE_MODEL_PARAMETERS = 50_000_000;
const MOST_WORKERS = 8;

/** Blocks per worker at a time: one is predicted while the next is read. */
const BLOCKS_AHEAD = 2;
/**
 * Flags of Node for a worker. Decoded tiles lie outside the heap, but V8 counts them as its growth: it would mark the whole heap
 * for every hundred tiles, in several threads, although the other workers need the processors.
 */
const COLLECTOR_FLAGS = ["--heap-growing-percent=1000", "--single-threaded-gc", "--min-semi-space-size=16"];
/** Attempts per block: after a crash, a new process tries once more. */
const TRIES = 2;

/** Predicts the missing blocks in worker processes, and adds each to the journal at once. */
export async function predictMissing(grid: Grid, journal: Journal, work: Work): Promise<ProcessUse> {
  const { level, regionOf } = work.reading;
  const sample = work.compare ? tilesToCompare(grid) : [];
  const jobs = grid.blocks.flatMap((tiles, block) =>
    journal.answers.has(block) ? [] : [{ block, level, regions: tiles.map(regionOf), compare: sample[block] ?? [] }],
  );
  if (jobs.length === 0) return { memory: 0, processorSeconds: 0 };
  const before = answeredTiles(grid, journal);
  let done = before;
  const task = work.progress.start(work.name, grid.tissueTiles - before, "tiles");
  const use = await predictBlocks(
    jobs,
    { ...work, ...processesFor(work) },
    async (block, { logits, problems, compared }) => {
      // In this process, which has time: each worker would need a while until its compiler knows the code.
      const inDistribution: number[] = [];
      for (const pixels of compared) inDistribution.push(await work.compare!(pixels));
      await journal.add(block, { logits, problems, inDistribution });
      done += logits.length;
      task.update(done - before);
    },
  );
  task.finish(`${done} of ${counted(grid.tissueTiles, "tile")}`);
  return use;
}

/** Number of tiles that the journal has answers for. */
export function answeredTiles(grid: Grid, { answers }: Journal): number {
  return [...answers.keys()].reduce((sum, block) => sum + (grid.blocks[block]?.length ?? 0), 0);
}

/** Number of processes, and of threads in each. */
function processesFor({ workers, threads, parameters = 0 }: Work): { workers: number; threads: number } {
  const cores = threads ?? usableProcessors();
  const count = workers ?? (parameters > LARGE_MODEL_PARAMETERS ? 1 : Math.min(MOST_WORKERS, cores));
  return { workers: count, threads: Math.max(1, Math.floor(cores / count)) };
}

type WorkersOptions = Pick<Work, "name" | "source" | "model" | "signal"> & Readonly<ReturnType<typeof processesFor>>;

/**
 * Predicts blocks in worker processes. Calls `onAnswer` for one answer at a time, in any order of blocks.
 * @returns the resources of all workers
 * @throws {HistoError} `SLIDE_WORKER_CRASHED` if a block crashes its process twice; else a worker's own error
 */
async function predictBlocks(
  jobs: readonly BlockJob[],
  options: WorkersOptions,
  onAnswer: (block: number, answer: ComparedAnswer) => Promise<void>,
): Promise<ProcessUse> {
  const queue = jobs.map((job) => ({ job, tries: 0 }));
  const uses = new Map<number, ProcessUse>();
  let writing: Promise<void> = Promise.resolve();
  let stopped = false;
  const answered = (block: number, answer: ComparedAnswer) => {
    writing = writing.then(() => onAnswer(block, answer));
    return writing;
  };

  const runWorker = async (worker: number) => {
    while (queue.length > 0 && !stopped && !options.signal.aborted) {
      // Of the processes that have crashed.
      const before = uses.get(worker) ?? { memory: 0, processorSeconds: 0 };
      const crash = await runProcess(
        queue,
        options,
        () => stopped,
        answered,
        ({ memory, processorSeconds }) =>
          uses.set(worker, {
            memory: Math.max(before.memory, memory),
            processorSeconds: before.processorSeconds + processorSeconds,
          }),
      );
      if (!crash) return;
      for (const entry of crash.open) {
        if (entry.tries >= TRIES) {
          const cause =
            crash.how === "SIGKILL"
              ? "the memory is probably too small: lower --workers"
              : "the file is probably damaged";
          const message = `${options.name}: its reader crashed twice at the same place (${crash.how}); ${cause}.`;
          throw new HistoError("SLIDE_WORKER_CRASHED", message);
        }
        queue.unshift(entry);
      }
    }
  };
  const count = Math.max(1, Math.min(options.workers, jobs.length));
  const running = Array.from({ length: count }, (_, i) =>
    runWorker(i).catch((error: unknown) => {
      stopped = true;
      throw error;
    }),
  );
  const ends = await Promise.allSettled(running);
  await writing;
  const failed = ends.find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
  const total = (of: keyof ProcessUse) => [...uses.values()].reduce((sum, use) => sum + use[of], 0);
  return { memory: total("memory"), processorSeconds: total("processorSeconds") };
}

interface Entry {
  readonly job: BlockJob;
  tries: number;
}

/** Runs one process until the queue is empty. If it crashes, returns its unfinished blocks. */
function runProcess(
  queue: Entry[],
  { source, model, workers, threads, signal }: WorkersOptions,
  isStopped: () => boolean,
  answered: (block: number, answer: ComparedAnswer) => Promise<void>,
  onUse: (use: ProcessUse) => void,
): Promise<{ readonly open: readonly Entry[]; readonly how: string } | undefined> {
  const child = startProgram("worker-main", COLLECTOR_FLAGS);
  const open = new Map<number, Entry>();
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      signal.removeEventListener("abort", abort);
      child.off("exit", onExit).off("error", onError).off("message", onMessage);
      child.on("error", () => undefined);
      child.kill("SIGKILL");
      settle();
    };
    const abort = () => end(() => resolve(undefined));
    const onExit = (code: number | null, by: string | null) =>
      end(() => resolve({ open: [...open.values()], how: by ?? `exit status ${code}` }));
    const onError = (error: Error) => end(() => resolve({ open: [...open.values()], how: error.message }));
    const tell = (message: ToSlideWorker) => void (child.connected && child.send(message, () => undefined));
    const feed = () => {
      // A block that has crashed a process runs alone, so that a second crash is attributed to it.
      while (open.size < BLOCKS_AHEAD && queue.length > 0 && !isStopped()) {
        // The last blocks are shared out singly, so that no worker waits while another has two.
        if (open.size > 0 && queue.length < workers) break;
        if (open.size > 0 && ((queue[0] as Entry).tries > 0 || [...open.values()].some(({ tries }) => tries > 1)))
          break;
        const entry = queue.shift() as Entry;
        entry.tries++;
        open.set(entry.job.block, entry);
        tell({ type: "block", ...entry.job });
      }
      if (open.size === 0) end(() => resolve(undefined));
    };
    const onMessage = (message: FromSlideWorker) => {
      if (message.type === "failed") return end(() => reject(errorOf(message)));
      open.delete(message.block);
      onUse(message.use);
      answered(message.block, message).then(feed, (error) => end(() => reject(error)));
    };
    child.on("exit", onExit).on("error", onError).on("message", onMessage);
    signal.addEventListener("abort", abort);
    if (signal.aborted) return abort();
    tell({ type: "open", source, model, threads });
    feed();
  });
}
