/** @module Detects images unlike a model's training tiles (out of distribution), and differences between sets of images. */
export { type Directions, type Familiarity, fitFamiliarity, inDistribution, isUnlikeTraining } from "./familiarity";
export { glanceAt, type Look, lookOf, looksAt } from "./look";
export { joinSamples, MetImages, type MetSample } from "./met-images";
export { describeShift, type Measured, measureShift, measureShifts, type Shift, type Shifts } from "./shift";
