/** @module Job queues in Redis (BullMQ) for work on other machines. */
export { closeQueue, openQueue, parseRedisUrl, requireRedis } from "./redis";
export {
  giveBack,
  jobOptions,
  lockTime,
  lostItsWorkers,
  MOST_STARTS,
  stopper,
  takeJobs,
  type WorkerOptions,
  type WorkerSummary,
  watchJob,
} from "./worker";
