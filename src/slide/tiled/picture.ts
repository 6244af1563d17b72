/** @module Predicts a picture that fits into memory: decodes it as a whole and cuts it into tiles. */
import { decodePixels, imageSize, isShrunk, type Preprocessing, type RgbImage } from "../../image/index";
import { assemble, memoryFor } from "../assemble";
import type { SlideReader } from "../types";
import { predictTiles, type TiledPrediction, type TileModel } from "./predict-tiles";

/** True if a model would shrink a picture (a path or the file's bytes) to less than half of its training images' scale. */
export async function isForTiles(picture: string | Uint8Array, preprocessing: Preprocessing): Promise<boolean> {
  const found = await imageSize(picture);
  return found !== undefined && isShrunk(...found, preprocessing);
}

/**
 * Predicts the tiles of a picture.
 * @throws {InputError} codes `IMAGE_...`
 */
export async function predictPicture(picture: string | Uint8Array, model: TileModel): Promise<TiledPrediction> {
  const started = performance.now();
  const image = await decodePixels(picture, {}, undefined, model.card.preprocessing);
  const answer = await predictTiles(inMemory(image), model, (performance.now() - started) / 1000);
  return image.lowBits ? { ...answer, warnings: ["low-bits", ...answer.warnings] } : answer;
}

/** Presents a decoded picture as a slide with one level of one tile. */
function inMemory(image: RgbImage): SlideReader {
  const { width, height } = image;
  const level = { width, height, downsample: 1, tileWidth: width, tileHeight: height };
  const pixels = Buffer.from(image.data.buffer, image.data.byteOffset, image.data.byteLength);
  return {
    info: { path: "the image", vendor: "picture", reader: "picture", levels: [level], remarks: [] },
    async readRegions(_, regions, into) {
      const memory = memoryFor(regions, into);
      return regions.map((region, i) => assemble({ ...level, across: 1 }, region, () => pixels, memory[i]));
    },
    close: async () => undefined,
  };
}
