/** @module Models in separate worker processes. */
export { collectLessOften } from "./collector";
export type { WorkerOptions } from "./messages";
export { PooledModel } from "./pooled-model";
