/** @module Architecture and hyperparameter search: spaces, samplers, resumable trials, a leaderboard. */
export { onPixels, searchesSubspace } from "./confirm";
export { searchFigures } from "./figures";
export { type Halving, rungsOf, stopsAt } from "./halving";
export { SearchJournal, type TrialOutcome, type TrialRecord } from "./journal";
export { type LeaderboardRow, leaderboardOf, smallestAsGood } from "./leaderboard";
export { measureObjective, objectiveNamed } from "./objective";
export { presets } from "./presets";
export type { WorkerOptions, WorkerSummary } from "./queue/index";
export { readSpace } from "./read-space";
export { runSearch, type SearchResult } from "./run-search";
export { createSampler, type KnownTrial, type Sampler, type SamplerName } from "./samplers";
export { simulateWorkers } from "./simulate";
export { type Distribution, draw, parseSpace, type Settings, type Space, sizeOfSpace, valuesOf } from "./space";
