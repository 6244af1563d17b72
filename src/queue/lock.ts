/** @module Whose a job is: a worker that was silent for too long has lost it, and must write nothing more for it. */
import type { Queue } from "bullmq";

/** When a worker's lock on a job ends, in milliseconds since 1970; undefined where another worker has the job, or nobody. */
export async function lockHoldsUntil(
  queue: Pick<Queue, "client" | "toKey">,
  job: string,
  token: string,
): Promise<number | undefined> {
  const client = await queue.client;
  const key = `${queue.toKey(job)}:lock`;
  const [holder, milliseconds] = [await client.get(key), await client.pttl(key)];
  return holder === token && milliseconds > 0 ? Date.now() + milliseconds : undefined;
}
