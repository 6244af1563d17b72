/** @module The section with images of the worst mistakes and their heat maps. */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadDataset } from "../dataset/index";
import { HistoError, messageOf } from "../errors/index";
import { type Mistake, type RunResults, worstMistakes } from "../evaluation/index";
import type { Explanation } from "../explanation/index";
import { ImageNames } from "../files/index";
import { caution, counted, decimal, escapeHtml, paragraph } from "../format/index";
import { jpegOf, type SampleMeaning, thumbnail } from "../image/index";
import type { Predictor } from "../inference/index";
import { type Progress, silentProgress } from "../progress/index";
import type { ReportFacts, Section } from "./facts";

/** Maximum edge length of the images in pixels. */
const THUMBNAIL = 160;
/** Number of images of each kind, and of those with a heat map. */
const SHOWN = 8;
const EXPLAINED = 3;

export async function mistakesSection({ results, main }: ReportFacts, work: ReportWork): Promise<Section> {
  const { falsePositives, falseNegatives } = worstMistakes(main.rows, main.metrics.threshold, SHOWN);
  const surest = [falsePositives, falseNegatives].flatMap((some) => some.slice(0, EXPLAINED));
  const [negative, positive] = results.classes.map(escapeHtml);
  const images = await findImages(results, [...falsePositives, ...falseNegatives]);
  const { fp, fn } = main.metrics.confusion;
  const explained = [...images.paths].filter(([name]) => surest.some(({ filename }) => filename === name));
  const maps = await heatMaps(results, new Map(explained), work);
  const gallery = async (title: string, total: number, mistakes: readonly Mistake[]) =>
    mistakes.length === 0
      ? paragraph(`${title}: none.`)
      : `<h3>${title}: the ${mistakes.length} most confident of ${total}</h3>${await tiles(mistakes, images.paths, maps, results.config.preprocessing)}`;
  return {
    id: "mistakes",
    title: "The worst mistakes",
    blocks: [
      paragraph(
        fp + fn === 0
          ? `No wrong decision among ${counted(main.metrics.n, `${main.name} image`)}. That is rare: look for copies of test images in the ` +
              "training part, and for marks that give the class away."
          : `${counted(fp + fn, "wrong decision")} among ${counted(main.metrics.n, `${main.name} image`)}. These are the most confident ones: look for artefacts, ` +
              "blur, unusual staining, and wrong labels." +
              (maps.size > 0
                ? ` Heat maps show how the logit changes when a part is covered: <b>orange</b> parts are evidence for ${positive}, <b>blue</b> parts for ${negative}.`
                : ""),
      ),
      ...(images.problem ? [caution(images.problem)] : []),
      await gallery(`${negative} called ${positive}`, fp, falsePositives),
      await gallery(`${positive} called ${negative}`, fn, falseNegatives),
    ],
  };
}

/** Finds the images in the data set of the run. */
async function findImages(
  { config }: RunResults,
  mistakes: readonly Mistake[],
): Promise<{ paths: ReadonlyMap<string, string>; problem?: string }> {
  if (mistakes.length === 0) return { paths: new Map() };
  if (!config.data)
    return { paths: new Map(), problem: "The images are not shown: the run does not name its data set." };
  try {
    const { tiles } = await loadDataset(config.data, config.dataset);
    const paths = new Map(tiles.map(({ name, path }) => [name, path]));
    const names = new ImageNames(paths.keys());
    const shown = mistakes.flatMap(({ filename }) => {
      const [name, ...others] = names.matching(filename);
      return name === undefined || others.length > 0 ? [] : [[filename, paths.get(name) as string] as const];
    });
    return { paths: new Map(shown) };
  } catch (error) {
    return { paths: new Map(), problem: `The images are not shown: ${messageOf(error)}` };
  }
}

async function tiles(
  mistakes: readonly Mistake[],
  paths: ReadonlyMap<string, string>,
  maps: ReadonlyMap<string, ExplainedImage>,
  meaning: SampleMeaning = {},
): Promise<string> {
  const figures = await Promise.all(
    mistakes.map(async (mistake) => {
      const votes = mistake.votes ? `, votes ${mistake.votes.positive}/${mistake.votes.total}` : "";
      const caption = `${escapeHtml(mistake.filename)}<br>probability ${decimal(mistake.probability)}${votes}`;
      const map = maps.get(mistake.filename);
      const shown = map
        ? imageOf(`${mistake.filename} and its heat map`, map.picture)
        : await picture(mistake.filename, paths.get(mistake.filename), meaning);
      return `<figure class="${map ? "tile explained" : "tile"}">${shown}<figcaption>${caption}</figcaption></figure>`;
    }),
  );
  return `<div class="tiles">${figures.join("")}</div>`;
}

function imageOf(name: string, jpeg: Buffer): string {
  return `<img alt="${escapeHtml(name)}" src="data:image/jpeg;base64,${jpeg.toString("base64")}">`;
}

async function picture(name: string, path: string | undefined, meaning: SampleMeaning): Promise<string> {
  if (path === undefined) return `<div class="absent">no image</div>`;
  try {
    return imageOf(name, await thumbnail(await readFile(path), THUMBNAIL, {}, meaning));
  } catch {
    return `<div class="absent">unreadable</div>`;
  }
}

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
/** Edge length of a panel, and most width of the image, in pixels: two of three panels fit side by side on a page of 1440. */
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

/** Explains readable images, by file name; none if the run has no model. @param paths by file name @throws the signal's reason */
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
