/** @module A picture that fits into memory, decoded as a whole and cut into tiles there. */
import { type DecodeLimits, decodePixels, imageSize, isShrunk, type RgbImage } from "../../image/index";
import { assemble } from "../assemble";
import type { SlideReader } from "../types";
import { predictTiles, type TiledPrediction, type TileModel } from "./predict-tiles";

/** True for a picture (its file, or the file's bytes) that would be shrunk to less than half. */
export async function isForTiles(picture: string | Uint8Array, size: number): Promise<boolean> {
  const found = await imageSize(picture);
  return found !== undefined && isShrunk(...found, size);
}

/**
 * Predicts the tiles of a picture.
 * @throws {InputError} codes `IMAGE_...`
 */
export async function predictPicture(
  picture: string | Uint8Array,
  model: TileModel,
  limits?: DecodeLimits,
): Promise<TiledPrediction> {
  const started = performance.now();
  const image = await decodePixels(picture, limits, undefined, model.card.preprocessing);
  const answer = await predictTiles(inMemory(image), model, (performance.now() - started) / 1000);
  return image.lowBits ? { ...answer, warnings: ["low-bits", ...answer.warnings] } : answer;
}

/** A decoded picture as a slide of one level, which is one tile. */
function inMemory(image: RgbImage): SlideReader {
  const { width, height } = image;
  const level = { width, height, downsample: 1, tileWidth: width, tileHeight: height };
  const pixels = Buffer.from(image.data.buffer, image.data.byteOffset, image.data.byteLength);
  return {
    info: { path: "the image", vendor: "picture", reader: "picture", levels: [level], remarks: [] },
    async readRegions(_, regions, into) {
      let at = 0;
      return regions.map((region) => {
        const bytes = region.width * region.height * 3;
        const out = into?.subarray(at, at + bytes);
        at += bytes;
        return assemble({ ...level, across: 1 }, region, () => pixels, out);
      });
    },
    close: async () => undefined,
  };
}
