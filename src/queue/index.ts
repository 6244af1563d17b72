/** @module Work for other machines, through queues in Redis (BullMQ). What is in them, those say who hand it out. */
export { lockHoldsUntil } from "./lock";
export { openQueue, parseRedisUrl, requireRedis } from "./redis";
