/** @module Writes the results of a slide: tables, a heat map, and objects for QuPath. */
import { join } from "node:path";
import { removeAbandoned, writeAtomically, writeFileAtomically, writeJson } from "../../files/index";
import type { PredictedSlide, SlideSummary } from "../predicted-slide";
import { type Frame, writeGeoJson } from "./geojson";
import { heatMap } from "./heat-map";
import { writeTilesCsv } from "./tiles-csv";

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
