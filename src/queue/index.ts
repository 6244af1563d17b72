/** @module Job queues in Redis (BullMQ) for work on other machines. */
export { lockHoldsUntil } from "./lock";
export { openQueue, parseRedisUrl, requireRedis } from "./redis";
