/** @module Predicts a large picture in tiles: in memory if it fits, else from a pyramid on disk. */
import { makeScratchFolder } from "../files/index";
import { imageSize, TILE_EDGE } from "../image/index";
import { openSlide } from "./open-slide";
import { predictPicture, predictTiles, type TiledPrediction, type TileModel } from "./tiled/index";

/**
 * Predicts the tiles of a picture of any size.
 * @throws {HistoError} codes `IMAGE_...`, `SLIDE_...`; the reason of `signal` if it is aborted
 */
export async function predictTiled(path: string, model: TileModel, signal?: AbortSignal): Promise<TiledPrediction> {
  const [width, height] = (await imageSize(path)) ?? [0, 0];
  if (width * height <= TILE_EDGE ** 2) return predictPicture(path, model);
  const started = performance.now();
  const folder = await makeScratchFolder("histo-tiles-");
  try {
    // As all images are decoded.
    const meaning = { ...model.card.preprocessing, profile: "apply" } as const;
    const { reader } = await openSlide(path, async () => folder.path, meaning, signal);
    try {
      return await predictTiles(reader, model, (performance.now() - started) / 1000, signal);
    } finally {
      await reader.close();
    }
  } finally {
    await folder.remove();
  }
}
