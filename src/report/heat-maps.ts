/** @module Heat maps of single images for a run with an exported model. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { HistoError } from "../errors/index";
import type { RunResults } from "../evaluation/index";
import type { Explanation } from "../explanation/index";
import { counted } from "../format/index";
import { jpegOf } from "../image/index";
import type { Predictor } from "../inference/index";
import { type Progress, silentProgress } from "../progress/index";

/** Covered parts per row: coarser than `histo explain`, because every training writes a report. */
const GRID = 10;
/** Fewest parts per row. Slow models get fewer than {@link GRID}, so that all maps take about this long. */
const LEAST_GRID = 5;
const MILLISECONDS = 20_000;
/** Pictures with which the model's time is measured. */
const BATCH = 4;

/** Parts per row for this many images of a model that takes this long for one picture. */
export function gridFor(images: number, milliseconds: number): number {
  return Math.max(LEAST_GRID, Math.min(GRID, Math.floor(Math.sqrt(MILLISECONDS / (images * milliseconds)))));
}
/**
 * Edge length of each of the two or three panels, and maximum width of the image, in pixels: two images of three panels fit
 * next to each other on a page that is 1440 pixels wide.
 */
const PANEL = 212;
const WIDTH = 4 * PANEL;
/** Most bytes of an image: six of them and ten tiles fit into a report of 2 MB, most of which is the code that draws figures. */
const MOST_BYTES = 40_000;

/** What a report tells while it is drawn, and what stops it. */
export interface ReportWork {
  readonly progress?: Progress;
  readonly signal?: AbortSignal | undefined;
}

/** The heat maps of an image. */
export interface ExplainedImage {
  readonly explanation: Explanation;
  /** JPEG of the image and its heat maps; all images of a call share the scale of a method. */
  readonly picture: Buffer;
}

/**
 * Explains images, by file name. Empty if the run has no model; leaves out unreadable images.
 * @param paths paths of the images by file name
 * @throws the signal's reason if it stops the work
 */
export async function heatMaps(
  { directory: { model } }: RunResults,
  paths: ReadonlyMap<string, string>,
  { progress = silentProgress, signal }: ReportWork = {},
): Promise<ReadonlyMap<string, ExplainedImage>> {
  if (paths.size === 0 || !existsSync(join(model, "model.json"))) return new Map();
  const [{ Predictor }, { explainImage, explanationPixels, scalesFor }] = await Promise.all([
    import("../inference/index.js"),
    import("../explanation/index.js"),
  ]);
  const predictor = await Predictor.open(model);
  const task = progress.start("Report", paths.size, "heat maps");
  try {
    const explained = new Map<string, Explanation>();
    const grid = gridFor(paths.size, await millisecondsOf(predictor));
    for (const [i, [filename, path]] of [...paths].entries()) {
      task.update(i);
      // One that cannot be read any more is shown as that.
      const image = await readFile(path).catch(() => undefined);
      if (!image) continue;
      try {
        explained.set(filename, await explainImage(predictor, image, grid, () => signal?.throwIfAborted()));
      } catch (error) {
        if (signal?.aborted || !(error instanceof HistoError)) throw error;
      }
    }
    task.finish(counted(explained.size, "heat map"));
    const scales = scalesFor([...explained.values()]);
    const { classes } = predictor.card;
    const pictures = [...explained].map(async ([filename, explanation]) => {
      const pixels = await explanationPixels(explanation, { scales, classes, edge: PANEL });
      return [filename, { explanation, picture: await jpegOf(pixels, WIDTH, MOST_BYTES) }] as const;
    });
    return new Map(await Promise.all(pictures));
  } finally {
    await predictor.close();
  }
}

/** Time of a picture in a batch, with the network warm. */
async function millisecondsOf(predictor: Predictor): Promise<number> {
  const { size } = predictor.card.preprocessing;
  const pixels = Buffer.alloc(BATCH * size * size * 3);
  await predictor.predictPixels(pixels.subarray(0, pixels.length / BATCH), 1);
  const started = performance.now();
  await predictor.predictPixels(pixels, BATCH);
  return (performance.now() - started) / BATCH;
}
