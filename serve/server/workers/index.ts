/** @module Models in worker processes of their own. */
export { collectLessOften } from "./collector";
export type { WorkerOptions } from "./messages";
export { PooledModel } from "./pooled-model";
