/** @module Job queues in Redis (BullMQ) for work on other machines. */
export { lockExpiry } from "./lock";
export { closeQueue, openQueue, parseRedisUrl, requireRedis } from "./redis";
