/** @module Architecture and hyperparameter search: spaces, samplers, trials that can be stopped and resumed, a leaderboard. */
export { presets } from "./presets";
export { readSpace } from "./read-space";
export { createSampler, type KnownTrial, SAMPLERS, type Sampler, type SamplerName } from "./samplers";
export { type Distribution, draw, parseSpace, type Settings, type Space, sizeOfSpace, valuesOf } from "./space";
