/** @module Whole slides: reading them in any size, predicting their tiles, and mapping the answers. */
export type { ProfileUse } from "./colour-profile";
export { findSlides, type ListedSlide, oneOfEachSeries } from "./find-slides";
export { stepOf } from "./grid";
export { slideInfo } from "./open-slide";
export { fetchOpenSlide } from "./openslide/install";
export { predictSlide } from "./predict-slide";
export { predictSlides, type SlidesResult } from "./predict-slides";
export { predictTiled } from "./predict-tiled";
export type { SlideSummary } from "./predicted-slide";
export type { SlideOptions, SlideResult } from "./slide-options";
export { isForTiles, type TiledPrediction, type TilesSummary } from "./tiled/index";
export type { SlideInfo } from "./types";
export { remarkOn } from "./unlike-training";
export * from "./viewing/index";
