/** @module Checks a worker's lock on a job: a worker that was silent too long has lost it and must not write results. */
import type { Queue } from "bullmq";

/** The time at which a worker's lock on a job ends, in milliseconds since 1970; undefined if it does not hold the lock. */
export async function lockExpiry(
  queue: Pick<Queue, "client" | "toKey">,
  job: string,
  token: string,
): Promise<number | undefined> {
  const client = await queue.client;
  const key = `${queue.toKey(job)}:lock`;
  const [holder, milliseconds] = [await client.get(key), await client.pttl(key)];
  return holder === token && milliseconds > 0 ? Date.now() + milliseconds : undefined;
}
