/** @module Predicts the blocks of a slide that its journal does not have yet. */
import { counted } from "../format/index";
import { usableProcessors } from "../machine/index";
import type { Progress } from "../progress/index";
import type { Grid, tileReading } from "./grid";
import type { Journal } from "./journal";
import type { SlideSource } from "./open-slide";
import { type ProcessUse, predictBlocks } from "./workers";

interface Work {
  /** Name of the slide. */
  readonly name: string;
  readonly source: SlideSource;
  readonly reading: ReturnType<typeof tileReading>;
  /** Model directory. */
  readonly model: string;
  /** Parameters of the model, if known. */
  readonly parameters: number | undefined;
  readonly workers: number | undefined;
  readonly threads: number | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Larger models are loaded by a single worker. */
const LARGE_MODEL_PARAMETERS = 50_000_000;
const MOST_WORKERS = 8;

/** Predicts the missing blocks in worker processes, and adds each to the journal at once. */
export async function predictMissing(grid: Grid, journal: Journal, work: Work): Promise<ProcessUse> {
  const { level, regionOf } = work.reading;
  const jobs = grid.blocks.flatMap((tiles, block) =>
    journal.answers.has(block) ? [] : [{ block, level, regions: tiles.map(regionOf) }],
  );
  if (jobs.length === 0) return { memory: 0, processorSeconds: 0 };
  const before = answeredTiles(grid, journal);
  let done = before;
  const task = work.progress.start(work.name, grid.tissueTiles - before, "tiles");
  const use = await predictBlocks(jobs, { ...work, ...processesFor(work) }, async (block, answer) => {
    await journal.add(block, answer);
    done += answer.logits.length;
    task.update(done - before);
  });
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
