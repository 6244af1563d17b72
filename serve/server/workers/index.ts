/** @module Models in separate worker processes. */

export type { WorkerOptions } from "./messages";
export { PooledModel } from "./pooled-model";
export { collectLessOften } from "./worker-process";
