/** @module What a model looked at: by covering parts of an image, and by class activation. */
export { occlusion } from "./occlusion";
export { HEAT_MAP_COLOURS } from "./palette";
