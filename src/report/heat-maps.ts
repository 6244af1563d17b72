/** @module Heat maps of single images for the report, where the run has its exported model beside it. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { HistoError } from "../errors/index";
import type { RunResults } from "../evaluation/index";
import { thumbnail } from "../image/index";

/** Parts in a row that are covered: coarser than `histo explain`, for a report is written after every training. */
const GRID = 10;
/** Edge length of each panel, and width of the picture of two or three of them, in pixels. */
const PANEL = 240;
const WIDTH = 520;

/**
 * JPEGs by file name: the tile and what the model looked at, on one scale. None where the run has no model.
 * @param paths of the images by their file names
 */
export async function heatMaps(
  { directory }: RunResults,
  paths: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, Buffer>> {
  const model = join(directory.path, "model");
  if (paths.size === 0 || !existsSync(join(model, "model.json"))) return new Map();
  const [{ Predictor }, { explainImage, explanationPicture, scaleFor }] = await Promise.all([
    import("../inference/index.js"),
    import("../explanation/index.js"),
  ]);
  const predictor = await Predictor.open(model);
  try {
    const explained = new Map<string, Awaited<ReturnType<typeof explainImage>>>();
    for (const [filename, path] of paths) {
      try {
        explained.set(filename, await explainImage(predictor, await readFile(path), GRID));
      } catch (error) {
        // One that cannot be read any more is shown as that.
        if (!(error instanceof HistoError)) throw error;
      }
    }
    const scale = scaleFor([...explained.values()]);
    const { classes } = predictor.card;
    const pictures = [...explained].map(async ([filename, explanation]) => {
      const png = await explanationPicture(explanation, { scale, classes, edge: PANEL });
      return [filename, await thumbnail(png, WIDTH)] as const;
    });
    return new Map(await Promise.all(pictures));
  } finally {
    await predictor.close();
  }
}
