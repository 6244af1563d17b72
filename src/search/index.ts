/** @module Architecture and hyperparameter search: spaces, samplers, resumable trials, a leaderboard. */

export { searchFigures } from "./figures";
export { stopsAt } from "./halving";
export { SearchJournal } from "./journal";
export { type LeaderboardRow, leaderboardOf } from "./leaderboard";
export { runSearch, type SearchResult } from "./run-search";
export { createSampler, type KnownTrial, type Sampler, type SamplerName } from "./samplers";
export { onPixels, searchesSubspace } from "./search";
export { type Distribution, draw, parseSpace, presets, readSpace, type Settings, sizeOfSpace } from "./space";
