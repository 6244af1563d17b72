/** @module Trials on other machines, through a queue in Redis. */
export { QueuePool } from "./queue-pool";
export { serveTrials } from "./serve-trials";
