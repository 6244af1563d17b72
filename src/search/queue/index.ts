/** @module Trials on other machines, through a queue in Redis. The one place that knows BullMQ. */
export { QueuePool } from "./queue-pool";
export { parseRedisUrl } from "./redis";
export { serveTrials, type WorkerOptions, type WorkerSummary } from "./serve-trials";
