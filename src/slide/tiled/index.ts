/** @module Large pictures, predicted tile by tile. Light: it reads no slides. */
export { isForTiles, predictPicture } from "./picture";
export { predictTiles, type TiledPrediction, type TileModel, type TilesSummary } from "./predict-tiles";
