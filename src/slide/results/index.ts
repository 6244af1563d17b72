/** @module The folder with the results of a slide: tables, a heat map, and objects for QuPath; and errors of writing to it. */

import { existsSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { HistoError, hasErrorCode, InputError, messageOf } from "../../errors/index";
import {
  csvField,
  makeDirectory,
  readJson,
  removeAbandoned,
  takeLock,
  writeAtomically,
  writeFileAtomically,
  writeJson,
} from "../../files/index";
import { tileBounds } from "../grid";
import type { PredictedSlide, SlideSummary } from "../predicted-slide";
import { type Frame, writeGeoJson } from "./geojson";
import { heatMap } from "./heat-map";

export type { Frame } from "./geojson";

const RESULT_FILES = {
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

const JOURNAL = "answers.jsonl";
/** Errors of a system that has no space left, of one that allows no larger file, and of one that does not allow writing. */
const FULL = ["ENOSPC", "EDQUOT"];
const TOO_LARGE = "EFBIG";
const UNWRITABLE = ["EACCES", "EPERM", "EROFS", "EEXIST", "ENOTDIR", "EISDIR"];

/** The path of the journal, which is removed when the results have been written. */
export function journalPath(folder: string): string {
  return join(folder, JOURNAL);
}

/** Makes the folder. @returns the folders created for it @throws {InputError} `OUT_UNUSABLE` */
export async function makeFolder(folder: string): Promise<string[]> {
  try {
    return await makeDirectory(folder);
  } catch (error) {
    throw hasErrorCode(error, ...FULL) ? error : unusable(error, folder);
  }
}

/**
 * Takes a folder for this process.
 * @returns a function that gives it up
 * @throws {InputError} `OUT_IN_USE` if another process of this machine writes into it
 */
export function lockFolder(folder: string): Promise<() => void> {
  return takeLock(join(folder, ".in-use"), (holder) => {
    const message = `--out: ${folder} is in use by another process (${holder}); wait until it has ended, or name another folder.`;
    return new InputError("OUT_IN_USE", message);
  });
}

/**
 * The summary of a slide that was finished in a folder.
 * @throws {InputError} `OUT_OCCUPIED` if the results are of another slide
 */
export async function finishedSummary(folder: string, slide: string): Promise<SlideSummary | undefined> {
  const path = join(folder, RESULT_FILES.summary);
  if (!existsSync(path)) return undefined;
  const summary = await readJson<SlideSummary>(path);
  if (summary.slide !== slide) {
    const message = `--out: ${folder} has the results of another slide (${summary.slide}); name another folder, or remove them.`;
    throw new InputError("OUT_OCCUPIED", message);
  }
  const complete = Object.values(RESULT_FILES).every((name) => existsSync(join(folder, name)));
  return complete && !existsSync(journalPath(folder)) ? summary : undefined;
}

/** An error of the system while a folder was written, as `DISK_FULL` or `OUT_UNUSABLE`; any other error as it is. */
export function writingError(error: unknown, folder: string): unknown {
  if (hasErrorCode(error, ...UNWRITABLE)) return unusable(error, folder);
  if (!hasErrorCode(error, ...FULL, TOO_LARGE)) return error;
  const [problem, remedy] = hasErrorCode(error, TOO_LARGE)
    ? ["a file becomes larger than this disk or shell (ulimit -f) allows", "raise the limit"]
    : ["no space left", "free some space"];
  const message = `${folder}: ${problem}; the finished part is kept: ${remedy} and add --resume.`;
  const toClient = "The server has no space left for the results.";
  return new HistoError("DISK_FULL", message, { cause: error, toClient });
}

function unusable(error: unknown, folder: string): InputError {
  const message = `--out: ${folder} cannot be written (${messageOf(error)}); name another folder.`;
  const toClient = "The server has no place for the results.";
  return new InputError("OUT_UNUSABLE", message, { cause: error, toClient });
}
