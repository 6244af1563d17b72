/**
 * @module Discrete-event simulation of Lambda: one request per environment, cold starts, reuse of the most recently used
 * environment, limits of concurrency and of its growth.
 */
import type { Random } from "../random/index";
import { type LatencySummary, type Sampler, summarize, TimeQueue } from "./latency";

interface LambdaSimulation {
  /** Work of one request in a warm environment. */
  readonly work: Sampler;
  /** Time to start an environment, before the first request's work. */
  readonly coldStart: Sampler;
  /** Simultaneous environments allowed (the function's reserved, or the account's, concurrency). */
  readonly concurrencyLimit: number;
  /** Environments kept warm from the start. */
  readonly provisioned: number;
  /** Seconds until an idle environment is removed. AWS documents no number; 5 to 15 minutes are observed. */
  readonly keepAliveSeconds: number;
  /** New environments allowed in every ten seconds (1000 since December 2023). */
  readonly growthPerTenSeconds: number;
}

export const LAMBDA_DEFAULTS = {
  concurrencyLimit: 1000,
  provisioned: 0,
  keepAliveSeconds: 600,
  growthPerTenSeconds: 1000,
} as const;

export interface LambdaOutcome {
  readonly requests: number;
  readonly coldStarts: number;
  /** Requests rejected (429) because of a limit. */
  readonly throttled: number;
  readonly maxConcurrency: number;
  /** Billed seconds, including initialization. */
  readonly billedSeconds: number;
  /** Of the requests that were answered. */
  readonly latency: LatencySummary;
}

/** Simulates the function for the given arrivals (seconds, ascending). */
export function simulateLambda(arrivals: Float64Array, options: LambdaSimulation, random: Random): LambdaOutcome {
  const busy = new TimeQueue();
  // Times at which idle environments became idle, ascending; the newest is used first, the oldest expire.
  const idle: number[] = [];
  let oldest = 0;
  // Provisioned environments do not expire; they are busy or free like the others and are taken first.
  const busyProvisioned = new TimeQueue();
  let freeProvisioned = options.provisioned;
  let window = Number.NEGATIVE_INFINITY;
  let grown = 0;
  let coldStarts = 0;
  let throttled = 0;
  let maxConcurrency = 0;
  let billedSeconds = 0;
  const latencies: number[] = [];

  for (const now of arrivals) {
    while (busy.first <= now) idle.push(busy.take());
    while (busyProvisioned.first <= now) {
      busyProvisioned.take();
      freeProvisioned++;
    }
    while (oldest < idle.length && idle[oldest]! + options.keepAliveSeconds < now) oldest++;
    const work = options.work(random);
    if (freeProvisioned > 0) {
      freeProvisioned--;
      busyProvisioned.add(now + work);
      latencies.push(work);
      billedSeconds += work;
    } else if (idle.length > oldest) {
      idle.pop();
      busy.add(now + work);
      latencies.push(work);
      billedSeconds += work;
    } else {
      if (now >= window + 10) {
        window = now;
        grown = 0;
      }
      const running = busy.size + options.provisioned;
      if (running >= options.concurrencyLimit || grown >= options.growthPerTenSeconds) {
        throttled++;
        continue;
      }
      grown++;
      coldStarts++;
      const start = options.coldStart(random);
      busy.add(now + start + work);
      latencies.push(start + work);
      billedSeconds += start + work;
    }
    maxConcurrency = Math.max(maxConcurrency, busy.size + busyProvisioned.size);
  }
  const requests = arrivals.length;
  return { requests, coldStarts, throttled, maxConcurrency, billedSeconds, latency: summarize(latencies) };
}
