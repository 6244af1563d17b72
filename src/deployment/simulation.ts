/**
 * @module Discrete-event simulation of the two ways to serve: servers behind a load balancer, with a bounded queue, a fixed number of
 * concurrent requests per machine, and autoscaling with the delay of starting a machine; and Lambda functions.
 */
import type { Random } from "../random/index";
import { type Sampler, summarize, TimeQueue } from "./latency";

interface ServerSimulation {
  /** Work of one request in one of a machine's places. */
  readonly work: Sampler;
  /** Concurrent requests of one machine. */
  readonly placesPerMachine: number;
  /** Waiting requests allowed per machine; further ones get 503. */
  readonly queuePerMachine: number;
  readonly minimumMachines: number;
  readonly maximumMachines: number;
  /** The fleet grows or shrinks towards this share of busy places. */
  readonly targetUtilization: number;
  readonly periodSeconds: number;
  /** Seconds from the decision until a new machine answers. */
  readonly bootSeconds: number;
}

export const SERVER_DEFAULTS = {
  queuePerMachine: 64,
  minimumMachines: 1,
  maximumMachines: 1,
  targetUtilization: 0.6,
  periodSeconds: 60,
  bootSeconds: 180,
} as const;

/**
 * Simulates the fleet for the given arrivals (seconds, ascending), first come first served.
 * @returns `rejected`: requests answered 503 because the queue was full; `machineSeconds`: billed, including booting; `latency`:
 * waiting time and work of the answered requests
 */
export function simulateServers(arrivals: Float64Array, options: ServerSimulation, random: Random) {
  return new Fleet(arrivals[0] ?? 0, options, random).run(arrivals);
}

class Fleet {
  private readonly completions = new TimeQueue();
  private readonly boots = new TimeQueue();
  /** Arrival times of the queued requests; those before `served` have been started. */
  private readonly queue: number[] = [];
  private served = 0;
  private machines: number;
  private maxMachines: number;
  private machineSeconds = 0;
  private accounted: number;
  private nextDecision: number;
  private workInPeriod = 0;
  private rejected = 0;
  private readonly latencies: number[] = [];

  constructor(
    from: number,
    private readonly options: ServerSimulation,
    private readonly random: Random,
  ) {
    this.machines = options.minimumMachines;
    this.maxMachines = this.machines;
    this.accounted = from;
    this.nextDecision = from + options.periodSeconds;
  }

  run(arrivals: Float64Array) {
    for (const now of arrivals) {
      this.advance(now);
      if (this.completions.size < this.places) this.start(now, now);
      else if (this.queue.length - this.served < this.machines * this.options.queuePerMachine) this.queue.push(now);
      else this.rejected++;
    }
    while (this.served < this.queue.length) this.advance(this.completions.first);
    this.account(Math.max(this.accounted, arrivals[arrivals.length - 1] ?? this.accounted));
    return {
      requests: arrivals.length,
      rejected: this.rejected,
      maxMachines: this.maxMachines,
      machineSeconds: this.machineSeconds,
      latency: summarize(this.latencies),
    };
  }

  private get places(): number {
    return this.machines * this.options.placesPerMachine;
  }

  /** Handles everything that happens up to and including `now`. */
  private advance(now: number): void {
    for (;;) {
      const time = Math.min(this.completions.first, this.boots.first, this.nextDecision);
      if (time > now) return;
      if (time === this.completions.first) this.completions.take();
      else if (time === this.boots.first) this.boot();
      else this.scale();
      while (this.served < this.queue.length && this.completions.size < this.places) {
        this.start(this.queue[this.served++]!, time);
      }
    }
  }

  private start(arrived: number, now: number): void {
    const work = this.options.work(this.random);
    this.completions.add(now + work);
    this.workInPeriod += work;
    this.latencies.push(now + work - arrived);
  }

  private boot(): void {
    this.account(this.boots.take());
    this.machines++;
    this.maxMachines = Math.max(this.maxMachines, this.machines);
  }

  /** Adds the machines that the load of the last period needs, or removes one, as scaling policies do. */
  private scale(): void {
    const { periodSeconds, placesPerMachine, targetUtilization, minimumMachines, maximumMachines } = this.options;
    this.account(this.nextDecision);
    const needed = Math.ceil(this.workInPeriod / periodSeconds / (placesPerMachine * targetUtilization) - 1e-9);
    const wanted = Math.min(maximumMachines, Math.max(minimumMachines, needed));
    this.workInPeriod = 0;
    for (let count = this.machines + this.boots.size; count < wanted; count++) {
      this.boots.add(this.nextDecision + this.options.bootSeconds);
    }
    if (wanted < this.machines && this.boots.size === 0) this.machines--;
    this.nextDecision += periodSeconds;
  }

  private account(until: number): void {
    this.machineSeconds += Math.max(0, until - this.accounted) * (this.machines + this.boots.size);
    this.accounted = Math.max(this.accounted, until);
  }
}

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

/**
 * Simulates the function for the given arrivals (seconds, ascending).
 * @returns `throttled`: requests rejected (429) because of a limit; `billedSeconds`: including initialization; `latency`: of the
 * requests that were answered
 */
export function simulateLambda(arrivals: Float64Array, options: LambdaSimulation, random: Random) {
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
