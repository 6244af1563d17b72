/** @module Which Redis a command means: `--redis`, else `REDIS_URL`, else none. */

/** @param option what `--redis` and `--no-redis` left: an address, false, or nothing */
export function redisAddress(option: string | boolean | undefined): string | undefined {
  if (option === false) return undefined;
  return (typeof option === "string" ? option : process.env.REDIS_URL) || undefined;
}
