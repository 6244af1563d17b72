/**
 * @module A discrete-event simulation of servers behind one entrance: a bounded queue, a fixed number of requests at a
 * time per machine, and a fleet that follows its load with the delay of starting a machine.
 */
import type { Random } from "../random/index";
import { TimeHeap } from "./heap";
import { type LatencySummary, type Sampler, summarize } from "./latency";

interface ServerSimulation {
  /** Work of one request on one of a machine's places. */
  readonly work: Sampler;
  /** Requests that one machine works on at a time. */
  readonly placesPerMachine: number;
  /** Waiting requests allowed per machine; more are answered 503. */
  readonly queuePerMachine: number;
  readonly minimumMachines: number;
  readonly maximumMachines: number;
  /** The fleet grows or shrinks towards this share of busy places. */
  readonly targetUtilization: number;
  /** Seconds between looks at the load. */
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

export interface ServerOutcome {
  readonly requests: number;
  /** Requests answered 503 because the queue was full. */
  readonly rejected: number;
  readonly maxMachines: number;
  /** Machine seconds paid for, those of booting included. */
  readonly machineSeconds: number;
  /** Waiting and work of the requests that were answered. */
  readonly latency: LatencySummary;
}

/** Runs the arrivals (seconds, ascending) through the fleet, first come first served. */
export function simulateServers(arrivals: Float64Array, options: ServerSimulation, random: Random): ServerOutcome {
  return new Fleet(arrivals[0] ?? 0, options, random).run(arrivals);
}

class Fleet {
  private readonly completions = new TimeHeap();
  private readonly boots = new TimeHeap();
  /** Arrival times of the requests that wait; those before `served` have been started. */
  private readonly queue: number[] = [];
  private served = 0;
  private machines: number;
  private maxMachines: number;
  private machineSeconds = 0;
  private accounted: number;
  private nextLook: number;
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
    this.nextLook = from + options.periodSeconds;
  }

  run(arrivals: Float64Array): ServerOutcome {
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
      const time = Math.min(this.completions.first, this.boots.first, this.nextLook);
      if (time > now) return;
      if (time === this.completions.first) this.completions.take();
      else if (time === this.boots.first) this.boot();
      else this.look();
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

  /** Adds the machines that the load of the last period needs, or gives back one, as scaling policies do. */
  private look(): void {
    const { periodSeconds, placesPerMachine, targetUtilization, minimumMachines, maximumMachines } = this.options;
    this.account(this.nextLook);
    const needed = Math.ceil(this.workInPeriod / periodSeconds / (placesPerMachine * targetUtilization) - 1e-9);
    const wanted = Math.min(maximumMachines, Math.max(minimumMachines, needed));
    this.workInPeriod = 0;
    for (let count = this.machines + this.boots.size; count < wanted; count++) {
      this.boots.add(this.nextLook + this.options.bootSeconds);
    }
    if (wanted < this.machines && this.boots.size === 0) this.machines--;
    this.nextLook += periodSeconds;
  }

  private account(until: number): void {
    this.machineSeconds += Math.max(0, until - this.accounted) * (this.machines + this.boots.size);
    this.accounted = Math.max(this.accounted, until);
  }
}
