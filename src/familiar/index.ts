/** @module Whether a model knows images of this kind: what its training tiles looked like, and how far others lie from them. */
export { type Familiarity, fitFamiliarity, inDistribution, isUnlikeTraining } from "./familiarity";
export { evenly, glanceAt, type Look, lookOf, looksAt } from "./look";
export { joinSamples, MetImages, type MetSample } from "./met-images";
export { measureShifts, type Shifts } from "./partitions";
export { describeShift, type Measured, measureShift, type Shift } from "./shift";
