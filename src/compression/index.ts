/** @module Smaller graphs: weights in 8 and 4 bits, and first layers split or averaged, tried from small to large. */
export { writeCompactGraph } from "./compact";
export { integerWriter } from "./integer";
