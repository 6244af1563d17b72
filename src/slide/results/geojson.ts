/**
 * @module `tiles.geojson`: the tiles as objects that QuPath imports (File, Import objects from file).
 * @see https://qupath.readthedocs.io/en/stable/docs/advanced/exporting_annotations.html
 */
import type { FileHandle } from "node:fs/promises";
import { sha256 } from "../../files/index";
import { tileBounds } from "../grid";
import type { PredictedSlide, PredictedTile } from "../predicted-slide";

/** Origin of the coordinates: the corner that QuPath shows (the slide's bounds), or the slide's own. */
export type Frame = "qupath" | "slide";

/** Colours of the negative and the positive class. */
const CLASS_COLOURS: readonly (readonly [red: number, green: number, blue: number])[] = [
  [49, 104, 142],
  [213, 94, 0],
];
const FEATURES_AT_ONCE = 1024;

/** Writes the readable tiles as a FeatureCollection with coordinates in pixels of level 0. */
export async function writeGeoJson(handle: FileHandle, slide: PredictedSlide, frame: Frame): Promise<void> {
  const tiles = slide.tiles.filter(({ logit }) => !Number.isNaN(logit));
  await handle.appendFile('{"type":"FeatureCollection","features":[');
  for (let start = 0; start < tiles.length; start += FEATURES_AT_ONCE) {
    const features = tiles
      .slice(start, start + FEATURES_AT_ONCE)
      .map((tile) => JSON.stringify(featureOf(slide, tile, frame)));
    await handle.appendFile(`${start === 0 ? "\n" : ",\n"}${features.join(",\n")}`);
  }
  await handle.appendFile("\n]}\n");
}

/** A tile for QuPath 0.4 and newer. */
function featureOf({ name, info, grid, model }: PredictedSlide, tile: PredictedTile, frame: Frame) {
  const bounds = frame === "qupath" ? info.bounds : undefined;
  const [x, y] = [tile.x - (bounds?.x ?? 0), tile.y - (bounds?.y ?? 0)];
  const { width, height } = tileBounds(grid, tile);
  const [right, bottom] = [x + width, y + height];
  const positive = Number(tile.positive);
  const ring = [[x, y], [right, y], [right, bottom], [x, bottom], [x, y]]; // biome-ignore format: a rectangle's corners
  return {
    type: "Feature",
    id: uuidOf(`${name} ${model.sha256} ${tile.column} ${tile.row}`),
    geometry: { type: "Polygon", coordinates: [ring] },
    properties: {
      objectType: "tile",
      classification: { name: model.classes[positive], color: CLASS_COLOURS[positive] },
      measurements: {
        [`Probability ${model.classes[1]}`]: tile.probability,
        Logit: tile.logit,
        Tissue: Number(tile.tissue.toFixed(4)),
        ...(model.trainedOnDrawnTiles && { "Model trained on drawn tiles": 1 }),
      },
    },
  };
}

/** A UUID (version 8), equal for the same tile. @see https://www.rfc-editor.org/rfc/rfc9562#section-5.8 */
function uuidOf(text: string): string {
  const hex = sha256(text);
  const variant = ((Number.parseInt(hex[16] as string, 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join("-");
}
