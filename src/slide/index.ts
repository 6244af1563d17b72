/** @module Whole slides: reading them in any size, predicting their tiles, and mapping the answers. */
export { slideInfo } from "./open-slide";
export { isOfOneSlide, predictSlide, type SlideOptions, type SlideResult } from "./predict-slide";
export type { SlideSummary } from "./predicted-slide";
export type { Frame } from "./results/index";
export type { Rectangle, SlideInfo, SlideLevel } from "./types";
