/** @module Predicts large pictures tile by tile, without the slide readers. */
export { isForTiles, predictPicture } from "./picture";
export { predictTiles, type TiledPrediction, type TileModel, type TilesSummary } from "./predict-tiles";
