/** @module Features of an image's appearance, and images unlike a model's training tiles (out of distribution). */
export {
  type Directions,
  type Familiarity,
  familiarityOf,
  fitFamiliarity,
  inDistribution,
  isUnlikeTraining,
  mean,
  meanOf,
  mostUnlikeByChance,
  scaled,
  scalingOf,
} from "./familiarity";
export { glanceAt, type Look, lookOf, looksAt } from "./look";
export { joinSamples, MetImages, type MetSample } from "./met-images";
export { STRUCTURES } from "./structure";
export { TEXTURES } from "./texture";
