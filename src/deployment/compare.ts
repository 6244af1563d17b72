/** @module Compares Lambda and EC2 under the same traffic: latencies, and costs per month. */
import { Random } from "../random/index";
import { type LambdaShape, lambdaMonthlyCost, type MonthlyTraffic, type ServerShape, serverMonthlyCost } from "./cost";
import { measured, type Sampler, summarize } from "./latency";
import type { MeasuredLambda, MeasuredServer } from "./measure";
import type { PriceTable } from "./prices";
import { LAMBDA_DEFAULTS, SERVER_DEFAULTS, simulateLambda, simulateServers } from "./simulation";
import { arrivals, type TrafficPattern } from "./traffic";

/** What was measured, and what is assumed about the machines. */
export interface Measurements {
  readonly lambda: MeasuredLambda;
  readonly server: MeasuredServer;
  /** Seconds that AWS adds to a cold start before the process begins (placement, image). An assumption. */
  readonly placementSeconds: number;
  /** Share of a machine's measured throughput to plan with. */
  readonly targetUtilization: number;
  readonly maximumMachines: number;
}

/**
 * Models a machine as places that each work on one request. Their number follows from the throughput and the mean latency
 * of single requests; the latencies are stretched so that all places together reach exactly the throughput.
 */
function machineOf({ warm, throughput }: MeasuredServer): { readonly places: number; readonly work: Sampler } {
  const { mean } = summarize(warm);
  const places = Math.max(1, Math.round(throughput * mean));
  const stretch = places / throughput / mean;
  const alone = measured(warm);
  return { places, work: (random) => stretch * alone(random) };
}

/** Simulates `seconds` of a pattern, from `from` seconds after Monday's midnight, on Lambda and on a fleet of servers. */
export function compareUnder(
  pattern: TrafficPattern,
  { from, seconds }: { from: number; seconds: number },
  { lambda, server, placementSeconds, targetUtilization, maximumMachines }: Measurements,
  seed: number,
) {
  const times = arrivals(pattern, from, from + seconds, new Random(seed, "arrivals", pattern.name));
  const warm = measured(lambda.warm);
  const init = measured(lambda.init);
  const { places, work } = machineOf(server);
  const minimumMachines = machinesFor(pattern.rate(from), server.throughput, targetUtilization);
  return {
    pattern: pattern.name,
    lambda: simulateLambda(
      times,
      { ...LAMBDA_DEFAULTS, work: warm, coldStart: (random) => placementSeconds + init(random) },
      new Random(seed, "lambda"),
    ),
    server: simulateServers(
      times,
      {
        ...SERVER_DEFAULTS,
        work,
        placesPerMachine: places,
        minimumMachines,
        maximumMachines: Math.max(minimumMachines, maximumMachines),
        targetUtilization,
      },
      new Random(seed, "server"),
    ),
  };
}

/** Number of machines for a rate at the given share of their throughput; at least one. */
function machinesFor(requestsPerSecond: number, throughput: number, targetUtilization: number): number {
  return Math.max(1, Math.ceil(requestsPerSecond / (throughput * targetUtilization)));
}

interface FleetSizing {
  /** Requests per second of one machine. */
  readonly throughput: number;
  /** Share of that to plan with. */
  readonly targetUtilization: number;
  /** Peak rate divided by the mean rate. */
  readonly peakRatio: number;
  /** True: the number of machines follows the load; false: it is always that of the peak. */
  readonly autoscaling: boolean;
}

/** Mean number of machines in a month; at least one. */
export function meanMachines(requestsPerSecond: number, fleet: FleetSizing): number {
  const { throughput, targetUtilization, peakRatio, autoscaling } = fleet;
  const atPeak = machinesFor(requestsPerSecond * peakRatio, throughput, targetUtilization);
  // Machines are whole: on average half a machine too many, as soon as the peak needs several.
  const following = requestsPerSecond / (throughput * targetUtilization) + (atPeak > 1 ? 0.5 : 0);
  return autoscaling ? Math.min(atPeak, Math.max(1, following)) : atPeak;
}

/** Monthly costs as functions of the number of requests. */
export function monthlyCostCurves(
  lambda: LambdaShape,
  server: Omit<ServerShape, "instances">,
  traffic: Omit<MonthlyTraffic, "requests">,
  fleet: FleetSizing,
  prices: PriceTable,
): { readonly lambda: (requests: number) => number; readonly server: (requests: number) => number } {
  const secondsPerMonth = prices.hoursPerMonth * 3600;
  return {
    lambda: (requests) => lambdaMonthlyCost(lambda, { ...traffic, requests }, prices).total,
    server: (requests) => {
      const instances = meanMachines(requests / secondsPerMonth, fleet);
      return serverMonthlyCost({ ...server, instances }, { ...traffic, requests }, prices).total;
    },
  };
}

/**
 * Cold starts and what they cost for each way to shorten them, calculated from the measured start and the given speeds. They
 * serve for comparison; only a deployment can measure them.
 */
export function coldStartOptions(
  {
    init,
    placementSeconds,
    modelGb,
    memoryMb,
    coldStarts,
  }: {
    readonly init: number;
    readonly placementSeconds: number;
    readonly modelGb: number;
    readonly memoryMb: number;
    readonly coldStarts: number;
  },
  speeds: { readonly imageGbPerSecond: number; readonly efsGbPerSecond: number; readonly restoreSeconds: number },
  prices: PriceTable,
) {
  const gb = memoryMb / 1024;
  const month = prices.hoursPerMonth * 3600;
  const billed = (seconds: number) => coldStarts * seconds * gb * prices.lambda.gbSecond.x86_64;
  const fromImage = init + modelGb / speeds.imageGbPerSecond;
  const fromEfs = init + modelGb / speeds.efsGbPerSecond;
  return [
    {
      option: "model in the image",
      coldStartSeconds: placementSeconds + fromImage,
      dollarsPerMonth: billed(fromImage) + modelGb * prices.registryGbMonth,
    },
    {
      option: "model on EFS",
      coldStartSeconds: placementSeconds + fromEfs,
      dollarsPerMonth: billed(fromEfs) + modelGb * (prices.efsGbMonth + coldStarts * prices.efsReadGb),
    },
    {
      option: "SnapStart, model in the image",
      coldStartSeconds: placementSeconds + speeds.restoreSeconds,
      dollarsPerMonth:
        gb * month * prices.lambda.snapStartCacheGbSecond +
        coldStarts * gb * prices.lambda.snapStartRestoreGb +
        modelGb * prices.registryGbMonth,
    },
    {
      option: "one environment kept warm",
      coldStartSeconds: 0,
      dollarsPerMonth: gb * month * prices.lambda.provisionedGbSecond.x86_64 + modelGb * prices.registryGbMonth,
    },
  ];
}
