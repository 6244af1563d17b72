/** @module `tiles.csv`: every tile with its coordinates in both frames and its prediction. */
import type { FileHandle } from "node:fs/promises";
import { csvField } from "../../files/index";
import { tileBounds } from "../grid";
import type { PredictedSlide } from "../predicted-slide";

const COLUMNS =
  "column,row,x,y,width,height,qupath_x,qupath_y,tissue,logit,probability,predicted_class,threshold,trained_on_drawn_tiles";
const ROWS_AT_ONCE = 4096;

/**
 * Writes the table. `x` and `y` count from the slide's corner in pixels of level 0, `qupath_x` and `qupath_y` from the corner
 * that QuPath shows. Unreadable tiles have no prediction.
 */
export async function writeTilesCsv(handle: FileHandle, { tiles, info, grid, model }: PredictedSlide): Promise<void> {
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
