/** @module Whole slides: reading them in any size, predicting their tiles, and mapping the answers. */
export type { SlideMetrics } from "./aggregation";
export { PICTURE_TILE, pictureLevels, pictureTile } from "./deep-zoom";
export { findSlides, type ListedSlide } from "./find-slides";
export { openSlideReader, slideInfo } from "./open-slide";
export { fetchOpenSlide } from "./openslide/install";
export { predictSlide, type SlideOptions, type SlideResult } from "./predict-slide";
export { predictSlides, type SlidesResult } from "./predict-slides";
export { predictTiled } from "./predict-tiled";
export type { SlideSummary } from "./predicted-slide";
export type { Frame } from "./results/index";
export { isForTiles, type TiledPrediction, type TilesSummary } from "./tiled/index";
export type { Rectangle, SlideInfo, SlideLevel, SlideReader } from "./types";
