/** @module Features of an image's appearance, and images unlike a model's training tiles (out of distribution). */
export {
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
export { glanceAt, joinSamples, type Look, lookOf, looksAt, MetImages, type MetSample } from "./look";
export { STRUCTURES, TEXTURES } from "./structure";
