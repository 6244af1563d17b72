/** @module Predicts slides on other machines, one job each. */
export { handOut } from "./hand-out";
export { serveSlides } from "./serve-slides";
