/** @module Writes the results of a slide: tables, a heat map, and objects for QuPath. */

import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { csvField, removeAbandoned, writeAtomically, writeFileAtomically, writeJson } from "../../files/index";
import { tileBounds } from "../grid";
import type { PredictedSlide, SlideSummary } from "../predicted-slide";
import { type Frame, writeGeoJson } from "./geojson";
import { heatMap } from "./heat-map";

export type { Frame } from "./geojson";

/** Names of the result files. */
export const RESULT_FILES = {
  tiles: "tiles.csv",
  summary: "slide.json",
  heatMap: "heatmap.png",
  geoJson: "tiles.geojson",
} as const;

/**
 * Writes all results into a folder, each file atomically, the summary last, and removes what killed processes have left of them.
 * The same slide gives the same bytes.
 */
export async function writeResults(
  folder: string,
  slide: PredictedSlide,
  summary: SlideSummary,
  frame: Frame,
): Promise<void> {
  await writeAtomically(join(folder, RESULT_FILES.tiles), (handle) => writeTilesCsv(handle, slide));
  await writeAtomically(join(folder, RESULT_FILES.geoJson), (handle) => writeGeoJson(handle, slide, frame));
  await writeFileAtomically(join(folder, RESULT_FILES.heatMap), await heatMap(slide));
  await writeJson(join(folder, RESULT_FILES.summary), summary);
  for (const name of Object.values(RESULT_FILES)) await removeAbandoned(join(folder, name));
}

const COLUMNS =
  "column,row,x,y,width,height,qupath_x,qupath_y,tissue,logit,probability,predicted_class,threshold,trained_on_drawn_tiles";
const ROWS_AT_ONCE = 4096;

/**
 * Writes the table. `x` and `y` count from the slide's corner in pixels of level 0, `qupath_x` and `qupath_y` from the corner
 * that QuPath shows. Unreadable tiles have no prediction.
 */
async function writeTilesCsv(handle: FileHandle, { tiles, info, grid, model }: PredictedSlide): Promise<void> {
  const { x: left = 0, y: top = 0 } = info.bounds ?? {};
  await handle.appendFile(`${COLUMNS}\n`);
  for (let start = 0; start < tiles.length; start += ROWS_AT_ONCE) {
    const lines = tiles.slice(start, start + ROWS_AT_ONCE).map((tile) => {
      const { column, row, tissue, logit, probability, positive } = tile;
      const { x, y, width, height } = tileBounds(grid, tile);
      const place = [column, row, x, y, width, height, x - left, y - top, Number(tissue.toFixed(4))];
      const answer = Number.isNaN(logit)
        ? ["", "", "", ""]
        : [logit, probability, csvField(model.classes[positive ? 1 : 0]), model.threshold];
      return `${[...place, ...answer, model.trainedOnDrawnTiles ?? ""].join(",")}\n`;
    });
    await handle.appendFile(lines.join(""));
  }
}
