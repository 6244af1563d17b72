/** @module Features of an image's appearance, and images unlike a model's training tiles (out of distribution). */
export { mostUnlikeByChance } from "./by-chance";
export { type Directions, type Familiarity, fitFamiliarity, inDistribution, isUnlikeTraining } from "./familiarity";
export { glanceAt, type Look, lookOf, looksAt } from "./look";
export { joinSamples, MetImages, type MetSample } from "./met-images";
export { familiarityOf } from "./model-familiarity";
export { mean, meanOf, scaled, scalingOf } from "./scaling";
export { STRUCTURES } from "./structure";
export { TEXTURES } from "./texture";
