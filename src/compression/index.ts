/** @module Smaller graphs: weights in 8 and 4 bits, and first layers that are split or take averages of pixels. */
export { type CompactOptions, writeCompactGraph } from "./compact";
export { integerWriter } from "./integer";
