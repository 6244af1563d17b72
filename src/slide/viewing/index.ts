/** @module The picture of a slide for viewers, without what predicts it, so that a viewer's process starts at once. */
export { PICTURE_TILE, pictureLevels, pictureTile } from "../deep-zoom";
export { openSlideReader, type SlideMeaning } from "../open-slide";
export type { SlideReader } from "../types";
