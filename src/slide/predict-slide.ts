/** @module Predicts a slide: finds its tissue, predicts its tiles in worker processes, and writes the results. */
import { existsSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { HistoError, hasErrorCode, InputError, Interrupted, messageOf } from "../errors/index";
import { makeDirectory, readJson, sha256 } from "../files/index";
import { counted } from "../format/index";
import { isTrainedOnDrawnTiles, readModelDirectory } from "../model-directory/index";
import { slideDefaults } from "../options/slide/index";
import { type Progress, silentProgress } from "../progress/index";
import { writeDeepZoom } from "./deep-zoom";
import { type Grid, type GridSettings, gridOf, tileReading } from "./grid";
import { Journal, type JournalIdentity } from "./journal";
import { type OpenSlide, openSlide } from "./open-slide";
import { type PredictedSlide, predictedTiles, type SlideSummary, summarize } from "./predicted-slide";
import { type Frame, RESULT_FILES, writeResults } from "./results/index";
import { thumbnailOf } from "./thumbnail";
import type { SlideInfo } from "./types";
import { type ProcessUse, predictBlocks } from "./workers";

export interface SlideOptions {
  /** Model directory. */
  readonly model: string;
  /** Folder for the results. */
  readonly out: string;
  /** Micrometres per pixel of level 0; overrides the file. */
  readonly slideMpp?: number | undefined;
  /** Micrometres per pixel of the model's input; overrides its card. */
  readonly mpp?: number | undefined;
  readonly overlap?: number | undefined;
  /** Minimum share of tissue in a tile. Default 0.1. */
  readonly leastTissue?: number | undefined;
  readonly frame?: Frame | undefined;
  /** Also write the slide's picture as a Deep Zoom image. */
  readonly dzi?: boolean | undefined;
  readonly resume?: boolean | undefined;
  readonly workers?: number | undefined;
  /** Threads of the network in all workers together. Default: all processors. */
  readonly threads?: number | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The output of `histo slide --json` for a slide. */
export interface SlideResult extends SlideSummary {
  readonly out: string;
  readonly seconds: number;
  readonly tilesPerSecond: number;
  /** Tiles that an earlier run predicted. */
  readonly resumedTiles: number;
  /** Processor time of all workers. */
  readonly processorSeconds: number;
  /** Peak memory of all processes. */
  readonly peakMemoryBytes: number;
}

const JOURNAL = "answers.jsonl";
/** Thumbnail pixels along a tile. */
const MASK_PIXELS_PER_TILE = 8;
/** Larger models are loaded by a single worker. */
const LARGE_MODEL_PARAMETERS = 50_000_000;
/** Errors of a system that has no space left, and of one that does not allow writing. */
const FULL = ["ENOSPC", "EDQUOT"];
const UNWRITABLE = ["EACCES", "EPERM", "EROFS", "EEXIST", "ENOTDIR", "EISDIR"];
/** Enlarging pixels by more than this factor causes a warning. */
const MOST_ENLARGED = 1.1;

/**
 * Predicts a slide.
 * @throws {HistoError} `DISK_FULL`; {InputError} codes `SLIDE_...`, `MODEL_...`, `OUT_...`; {Interrupted} if stopped: finished
 * tiles are kept for `resume`
 */
export async function predictSlide(path: string, options: SlideOptions): Promise<SlideResult> {
  try {
    return await predictOpened(path, options);
  } catch (error) {
    if (hasErrorCode(error, ...UNWRITABLE)) {
      const message = `--out: ${options.out} cannot be written (${messageOf(error)}); name another folder.`;
      throw new InputError("OUT_UNUSABLE", message, { cause: error });
    }
    if (!hasErrorCode(error, ...FULL)) throw error;
    const message = `${options.out}: no space left; the finished part is kept: free some space and add --resume.`;
    throw new HistoError("DISK_FULL", message, { cause: error });
  }
}

async function predictOpened(path: string, options: SlideOptions): Promise<SlideResult> {
  const started = performance.now();
  const {
    out,
    progress = silentProgress,
    signal = new AbortController().signal,
    overlap = slideDefaults.overlap,
    frame = slideDefaults.frame,
  } = options;
  const { card, sha256: modelSha } = await readModelDirectory(options.model);
  await makeDirectory(out);
  const finished = await finishedSlide(out, basename(path));
  const slide = await openSlide(path, async () => out, card.preprocessing);
  try {
    const { info } = slide;
    const name = basename(path);
    for (const remark of info.remarks) progress.say(`${name}: ${remark}.`);
    const scale = scaleOf(path, info, card.mpp, options);
    const { size } = card.preprocessing;
    const { leastTissue = slideDefaults.tissue } = options;
    const settings: GridSettings = { size, downsample: scale.downsample, overlap, leastTissue };
    if (scale.downsample * MOST_ENLARGED < 1) {
      progress.say(`${name}: the slide is coarser than the model's tiles; they are enlarged and answers may be wrong.`);
    }
    const identity = await identityOf(path, { modelSha, settings, mpp: scale.mpp, frame });
    if (options.dzi) await writeDeepZoom(out, slide.reader, signal);
    const work = sha256(JSON.stringify(identity));
    if (finished && options.resume && finished.work === work) {
      const nothing = { seconds: 0, tilesPerSecond: 0, processorSeconds: 0, peakMemoryBytes: 0 };
      return { ...finished, out, ...nothing, resumedTiles: finished.tissueTiles };
    }
    const thumbnail = await thumbnailOf(slide.reader, (size * scale.downsample) / MASK_PIXELS_PER_TILE, signal);
    const grid = gridOf(info, settings, thumbnail);
    if (grid.tissueTiles === 0) {
      throw new InputError("SLIDE_NO_TISSUE", `${path} shows no tissue; --tissue 0 predicts every tile all the same.`);
    }
    const reading = tileReading(info.levels, settings);
    const journalPath = join(out, JOURNAL);
    const journal = await Journal.open(journalPath, identity, options.resume ?? false);
    const before = countTiles(grid, journal);
    const predicting = performance.now();
    let use: ProcessUse = { memory: 0, processorSeconds: 0 };
    try {
      use = await predictMissing(slide, grid, journal, reading, { ...options, name, progress, signal, card });
    } finally {
      await journal.close();
    }
    const predictSeconds = (performance.now() - predicting) / 1000;
    if (signal.aborted) {
      const message = `Stopped after ${countTiles(grid, journal)} of ${counted(grid.tissueTiles, "tile")}, which are kept in ${out}; continue with --resume.`;
      throw new Interrupted(message);
    }
    const problems = [...new Set([...journal.answers.values()].flatMap((answer) => answer.problems))];
    const predicted: PredictedSlide = {
      name,
      info,
      mpp: scale.mpp,
      settings,
      grid,
      thumbnail,
      model: {
        ...{ name: card.name, sha256: modelSha, classes: card.classes, threshold: card.threshold },
        trainedOnDrawnTiles: isTrainedOnDrawnTiles(card),
      },
      tiles: predictedTiles(grid, (block) => journal.answers.get(block)!.logits, card.threshold),
      problems,
    };
    const summary = summarize(predicted, reading.level, work);
    await writeResults(out, predicted, summary, frame);
    await rm(journalPath, { force: true });
    const seconds = (performance.now() - started) / 1000;
    const tilesPerSecond = (grid.tissueTiles - before) / predictSeconds;
    const peakMemoryBytes = process.resourceUsage().maxRSS * 1024 + use.memory;
    const { processorSeconds } = use;
    return { ...summary, out, seconds, tilesPerSecond, resumedTiles: before, processorSeconds, peakMemoryBytes };
  } finally {
    await slide.reader.close();
    if (slide.source.path !== path) await rm(slide.source.path, { force: true });
  }
}

interface Work {
  readonly name: string;
  readonly model: string;
  readonly card: { readonly parameters?: number };
  readonly workers?: number | undefined;
  readonly threads?: number | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Predicts the blocks that are missing in the journal. */
async function predictMissing(
  { source }: OpenSlide,
  grid: Grid,
  journal: Journal,
  { level, regionOf }: ReturnType<typeof tileReading>,
  { name, model, card, progress, signal, ...options }: Work,
): Promise<ProcessUse> {
  const jobs = grid.blocks.flatMap((tiles, block) =>
    journal.answers.has(block) ? [] : [{ block, level, regions: tiles.map(regionOf) }],
  );
  if (jobs.length === 0) return { memory: 0, processorSeconds: 0 };
  const cores = options.threads ?? availableParallelism();
  const workers = options.workers ?? ((card.parameters ?? 0) > LARGE_MODEL_PARAMETERS ? 1 : Math.min(8, cores));
  const threads = Math.max(1, Math.floor(cores / workers));
  let done = countTiles(grid, journal);
  const task = progress.start(name, grid.tissueTiles - done, "tiles");
  const already = done;
  const use = await predictBlocks(jobs, { name, source, model, workers, threads, signal }, async (block, answer) => {
    await journal.add(block, answer);
    done += answer.logits.length;
    task.update(done - already);
  });
  task.finish(`${done} of ${counted(grid.tissueTiles, "tile")}`);
  return use;
}

function countTiles(grid: Grid, { answers }: Journal): number {
  return [...answers.keys()].reduce((sum, block) => sum + (grid.blocks[block]?.length ?? 0), 0);
}

/** Micrometres per pixel of the slide, and slide pixels per pixel of the model. */
function scaleOf(path: string, info: SlideInfo, cardMpp: number | undefined, options: SlideOptions) {
  const mpp = options.slideMpp ?? info.mpp ?? 0;
  const modelMpp = options.mpp ?? cardMpp;
  if (mpp > 0 && modelMpp !== undefined) return { mpp, downsample: modelMpp / mpp };
  if (mpp > 0) {
    const message = `${options.model} does not give the scale of its tiles (micrometres per pixel); give it with --mpp, such as --mpp 0.5.`;
    throw new InputError("SLIDE_MODEL_SCALE", message);
  }
  const said = info.remarks.length > 0 ? `: ${info.remarks.join("; ")}` : "";
  const message = `${path} does not give its scale (micrometres per pixel)${said}; give it with --slide-mpp, such as --slide-mpp 0.25.`;
  throw new InputError("SLIDE_SCALE_MISSING", message);
}

/** Everything that the logits depend on. Name, size and time identify the slide. */
async function identityOf(
  path: string,
  work: { readonly modelSha: string; readonly settings: GridSettings; readonly mpp: number; readonly frame: Frame },
): Promise<JournalIdentity> {
  const { size, mtimeMs } = await stat(path);
  return {
    format: "histo-slide-answers/1",
    slide: basename(path),
    bytes: size,
    modified: mtimeMs,
    model: work.modelSha,
    mpp: work.mpp,
    settings: work.settings,
    frame: work.frame,
  };
}

/**
 * The summary of a slide that was finished in a folder.
 * @throws {InputError} `OUT_OCCUPIED` if the results are of another slide
 */
async function finishedSlide(out: string, slide: string): Promise<SlideSummary | undefined> {
  const path = join(out, RESULT_FILES.summary);
  if (!existsSync(path) || existsSync(join(out, JOURNAL))) return undefined;
  const summary = await readJson<SlideSummary>(path);
  if (summary.slide === slide) return summary;
  const message = `--out: ${out} has the results of another slide (${summary.slide}); name another folder, or remove them.`;
  throw new InputError("OUT_OCCUPIED", message);
}

/** True for errors after which other slides can still be predicted. */
export function isOfOneSlide(error: unknown): error is HistoError {
  return error instanceof HistoError && !["INTERRUPTED", "DISK_FULL", "OUT_UNUSABLE"].includes(error.code);
}
