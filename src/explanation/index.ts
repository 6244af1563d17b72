/** @module Explains predictions by covering parts of an image (occlusion) and by class activation. */

export { HEAT_MAP_COLOURS } from "./drawing";
export {
  DEFAULT_GRID,
  type Explanation,
  explainImage,
  type HeatMap,
  LARGEST_GRID,
  occlusion,
  type Scales,
  scalesFor,
} from "./explain";
export { focusOf } from "./focus";
export { explanationPicture, explanationPixels } from "./picture";
