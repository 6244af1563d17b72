/** @module Slides on other machines, one job each. */
export { handOut } from "./hand-out";
export { type SlideWorkerSummary, serveSlides } from "./serve-slides";
