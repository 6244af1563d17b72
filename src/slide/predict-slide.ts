/** @module Predicts a slide: finds its tissue, predicts its tiles in worker processes, and writes the results. */
import { rm } from "node:fs/promises";
import { basename } from "node:path";
import { onDemand } from "../collections/index";
import { InputError, Interrupted } from "../errors/index";
import { type Familiarity, familiarityOf, inDistribution, lookOf } from "../familiar/index";
import { removeEmpty, sha256 } from "../files/index";
import { counted } from "../format/index";
import { isTrainedOnDrawnTiles, type ModelDirectory, readModelDirectory } from "../model-directory/index";
import { type Progress, silentProgress } from "../progress/index";
import { hasDeepZoom, writeDeepZoom } from "./deep-zoom";
import { type Grid, gridOf, tileReading } from "./grid";
import { Journal } from "./journal";
import { type OpenSlide, openSlide, slideInfo } from "./open-slide";
import { type PredictedSlide, predictedTiles, type SlideSummary, summarize } from "./predicted-slide";
import { finishedSummary, journalPath, lockFolder, makeFolder, writeResults, writingError } from "./results/index";
import type { SlideEffort, SlideOptions, SlideResult } from "./slide-options";
import { mustFitTiles, planSlide, type SlidePlan } from "./slide-plan";
import { thumbnailOf } from "./thumbnail";
import type { Thumbnail } from "./tissue";
import type { SlideInfo, SlideLevel } from "./types";
import { compareWithTraining, remarkOn } from "./unlike-training";
import { answeredTiles, predictMissing } from "./workers";

/** Thumbnail pixels along a tile, and along the longer side of a slide that is not much larger than a tile. */
const MASK_PIXELS_PER_TILE = 8;
const LEAST_MASK_PIXELS = 64;
/** Enlarging pixels by more than this factor causes a warning. */
const MOST_ENLARGED = 1.1;
/** The largest value of a slide of 14 bits that is read as one of 16. */
const DARK = 63;
const UNREAD = "a part of it cannot be read where tissue is searched; its tiles are predicted, with tissue or without";
const NO_EFFORT = { seconds: 0, tilesPerSecond: 0, processorSeconds: 0, peakMemoryBytes: 0 };

interface Work {
  readonly slide: OpenSlide;
  readonly model: ModelDirectory;
  /** Read after workers have checked the model's files. */
  readonly familiarity: () => Promise<Familiarity | undefined>;
  readonly plan: SlidePlan;
  readonly options: SlideOptions;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** The parts of a slide with tissue. */
interface Tissue {
  readonly thumbnail: Thumbnail;
  readonly grid: Grid;
}

/**
 * Predicts a slide.
 * @throws {HistoError} `DISK_FULL`; {InputError} codes `SLIDE_...`, `MODEL_...`, `OUT_...`; {Interrupted} if stopped: finished
 * tiles are kept for `resume`
 */
export async function predictSlide(path: string, options: SlideOptions): Promise<SlideResult> {
  const { out, progress = silentProgress, signal = new AbortController().signal } = options;
  const started = performance.now();
  let release: (() => void) | undefined;
  let made: readonly string[] = [];
  try {
    const model = withBitDepth(await readModelDirectory(options.model), options.bitDepth);
    const before = options.resume ? await finishedBefore(path, model, options) : undefined;
    if (before) return before;
    made = await makeFolder(out);
    if (!options.shared) release = await lockFolder(out);
    const finished = await finishedSummary(out, basename(path));
    const { bitDepth } = model.card.preprocessing;
    const slide = await openSlide(path, async () => out, { bitDepth, profile: options.profile }, signal);
    try {
      const plan = await planSlide(path, slide.info, model, options);
      mustFitTiles(slide.info, plan.settings);
      sayRemarks(slide.info, plan, progress);
      if (options.dzi) await writeDeepZoom(out, slide.reader, plan.picture, signal);
      if (options.resume && finished?.work === plan.work) return withoutEffort(finished, out);
      const familiarity = onDemand(() => familiarityOf(model));
      const result = await predictOpened({ slide, model, familiarity, plan, options, progress, signal });
      return { ...result, seconds: (performance.now() - started) / 1000 };
    } finally {
      await slide.reader.close();
      // The tiles that a picture was cut into.
      if (slide.source.path !== path) await rm(slide.source.path, { force: true });
    }
  } catch (error) {
    throw writingError(error, out);
  } finally {
    release?.();
    // Of a refused slide nothing is left. In a shared folder, another process may be about to write.
    if (!options.shared) await removeEmpty(made);
  }
}

/** The results of an earlier run, if nothing is left to do: a picture is not cut for them, and their folder may be read-only. */
async function finishedBefore(
  path: string,
  model: ModelDirectory,
  options: SlideOptions,
): Promise<SlideResult | undefined> {
  const { out, dzi, progress = silentProgress } = options;
  const finished = await finishedSummary(out, basename(path));
  if (!finished) return undefined;
  const info = await slideInfo(path);
  const plan = await planSlide(path, info, model, options);
  if (finished.work !== plan.work || (dzi && !(await hasDeepZoom(out, plan.picture)))) return undefined;
  sayRemarks(info, plan, progress);
  return withoutEffort(finished, out);
}

function withoutEffort(finished: SlideSummary, out: string): SlideResult {
  return { ...finished, ...NO_EFFORT, out, resumedTiles: finished.tissueTiles };
}

/** A model that reads 16-bit values as the given number of bits. */
function withBitDepth(model: ModelDirectory, bitDepth: number | undefined): ModelDirectory {
  if (bitDepth === undefined) return model;
  const { card } = model;
  return { ...model, card: { ...card, preprocessing: { ...card.preprocessing, bitDepth } } };
}

function sayRemarks({ remarks }: SlideInfo, { name, settings }: SlidePlan, progress: Progress): void {
  for (const remark of remarks) progress.say(`${name}: ${remark}.`);
  if (settings.downsample * MOST_ENLARGED < 1) {
    progress.say(`${name}: the slide is coarser than the model's tiles; they are enlarged and answers may be wrong.`);
  }
}

async function predictOpened(work: Work): Promise<Omit<SlideResult, "seconds">> {
  const { out } = work.options;
  const tissue = await findTissue(work);
  const { journal, ...effort } = await predictTiles(work, tissue.grid);
  const reading = tileReading(work.slide.info.levels, work.plan.settings);
  const predicted = predictedSlide(work, tissue, journal, await work.familiarity());
  const summary = summarize(predicted, reading.level, work.plan.work);
  await writeResults(out, predicted, summary, work.plan.frame);
  await rm(journalPath(out), { force: true });
  return { ...summary, ...effort, out };
}

/** @throws {InputError} `SLIDE_NO_TISSUE` */
async function findTissue({ slide, plan, signal }: Work): Promise<Tissue> {
  const { size, downsample } = plan.settings;
  const { width, height } = slide.info.levels[0] as SlideLevel;
  const pixel = Math.min((size * downsample) / MASK_PIXELS_PER_TILE, Math.max(width, height) / LEAST_MASK_PIXELS);
  const thumbnail = await thumbnailOf(slide.reader, pixel, signal);
  const grid = gridOf(slide.info, plan.settings, thumbnail);
  if (grid.tissueTiles > 0) return { thumbnail, grid };
  const all = gridOf(slide.info, { ...plan.settings, leastTissue: 0 }, thumbnail);
  const most = all.blocks.flat().reduce((most, { tissue }) => Math.max(most, tissue), 0);
  if (thumbnail.pixels.every((value) => value <= DARK)) throw tooDark(slide.info.path);
  throw noTissue(slide.info.path, plan.settings, most);
}

function tooDark(path: string): InputError {
  const problem = `${path} is nearly black, so that no tissue is found; if its 16-bit values use fewer bits,`;
  return new InputError("SLIDE_NO_TISSUE", `${problem} say how many with --bit-depth, such as --bit-depth 12.`, {
    toClient: `${problem} the server has to be started with their number.`,
  });
}

/** @param most the largest share of tissue in a tile */
function noTissue(path: string, { leastTissue }: SlidePlan["settings"], most: number): InputError {
  if (most === 0) {
    const problem = `${path} shows no tissue`;
    const message = `${problem}; --tissue 0 predicts every tile all the same.`;
    return new InputError("SLIDE_NO_TISSUE", message, { toClient: `${problem}.` });
  }
  const problem = `${path}: no tile has a share of tissue of ${leastTissue}, at most ${Number(most.toPrecision(2))}`;
  const message = `${problem}; lower --tissue, or check the scales (--mpp, --slide-mpp).`;
  return new InputError("SLIDE_NO_TISSUE", message, { toClient: `${problem}; check the scales (mpp, slide_mpp).` });
}

/** Predicts the tiles that an earlier run has not. @throws {Interrupted} if stopped */
async function predictTiles(
  { slide, model, familiarity, plan, options, progress, signal }: Work,
  grid: Grid,
): Promise<Omit<SlideEffort, "seconds"> & { readonly journal: Journal }> {
  const { out, workers, threads, resume = false } = options;
  // Answers are stored by block. Tissue may differ from an earlier run, if a part of the slide could not be read for a moment.
  const places = grid.blocks.map((block) => block.map(({ column, row }) => [column, row]));
  const identity = { ...plan.identity, tiles: sha256(JSON.stringify(places)) };
  const journal = await Journal.open(journalPath(out), identity, resume);
  const before = answeredTiles(grid, journal);
  const { size } = model.card.preprocessing;
  const compare = async (pixels: Uint8Array) =>
    inDistribution((await familiarity()) as Familiarity, lookOf(pixels, size));
  const started = performance.now();
  try {
    const use = await predictMissing(grid, journal, {
      ...{ name: plan.name, source: slide.source, reading: tileReading(slide.info.levels, plan.settings) },
      ...{ model: options.model, parameters: model.card.parameters, workers, threads, progress, signal },
      compare: model.card.familiar === undefined ? undefined : compare,
    });
    const done = answeredTiles(grid, journal);
    if (signal.aborted) {
      const message = `Stopped after ${done} of ${counted(grid.tissueTiles, "tile")}, which are kept in ${out}; continue with --resume.`;
      throw new Interrupted(message);
    }
    return {
      journal,
      tilesPerSecond: (done - before) / ((performance.now() - started) / 1000),
      resumedTiles: before,
      processorSeconds: use.processorSeconds,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024 + use.memory,
    };
  } finally {
    await journal.close();
  }
}

function predictedSlide(
  { slide, model, plan }: Work,
  { thumbnail, grid }: Tissue,
  { answers }: Journal,
  familiarity: Familiarity | undefined,
): PredictedSlide {
  // In the order of the blocks, whichever was predicted first.
  const ordered = grid.blocks.map((_, block) => answers.get(block)!);
  const unlikeTraining = compareWithTraining(
    ordered.flatMap(({ inDistribution }) => inDistribution),
    familiarity,
  );
  const remark = remarkOn(unlikeTraining);
  const { card, sha256 } = model;
  const { name, classes, threshold } = card;
  return {
    name: plan.name,
    info: slide.info,
    mpp: plan.mpp,
    settings: plan.settings,
    profile: plan.profile,
    grid,
    thumbnail,
    model: { name, sha256, classes, threshold, trainedOnDrawnTiles: isTrainedOnDrawnTiles(card) },
    tiles: predictedTiles(grid, (block) => ordered[block]!.logits, threshold),
    unlikeTraining,
    problems: [
      ...(thumbnail.unread ? [UNREAD] : []),
      ...new Set(ordered.flatMap(({ problems }) => problems)),
      ...(remark === undefined ? [] : [remark]),
    ],
  };
}
