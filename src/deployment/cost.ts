/** @module Monthly costs, item by item: of serving on Lambda and on EC2, the traffic at which both cost the same, and of a deployment's stacks. */
import { type PriceTable, priceOf } from "./prices";
import type { CpuArchitecture, DeploymentSettings, ModelSource } from "./settings";

export interface MonthlyTraffic {
  readonly requests: number;
  /** Kilobytes (1000 bytes) that one answer sends to the internet. */
  readonly answerKb: number;
  /** Kilobytes that one request writes to the logs. */
  readonly logKb: number;
}

/** One prediction with its HTTP headers, one line of access log and one line of the server's log. */
export const TYPICAL_TRAFFIC: Omit<MonthlyTraffic, "requests"> = { answerKb: 1, logKb: 0.7 };

export interface LambdaShape {
  readonly architecture: CpuArchitecture;
  readonly memoryMb: number;
  /** Mean seconds of work per request in a warm environment. */
  readonly seconds: number;
  /** Seconds of initialization per cold start; billed as work. */
  readonly coldSeconds: number;
  /** Share of the requests that meet a cold start, 0 to 1. */
  readonly coldShare: number;
  /** Environments kept warm all month. */
  readonly provisioned: number;
  /** Share of the requests that the provisioned environments serve, 0 to 1. */
  readonly provisionedShare: number;
  readonly modelSource: ModelSource;
  readonly modelGb: number;
}

/** Configuration of the servers. `endpoints`: interface endpoints times their zones. */
export interface ServerShape {
  readonly instanceType: string;
  readonly instances: number;
  readonly diskGb: number;
  readonly modelGb: number;
  readonly endpoints: number;
}

/** Dollars a month by item; `total` is their sum. */
export interface MonthlyCost {
  readonly items: Readonly<Record<string, number>>;
  readonly total: number;
}

function costOf(items: Readonly<Record<string, number>>): MonthlyCost {
  return { items, total: Object.values(items).reduce((sum, item) => sum + item, 0) };
}

const SECONDS_PER_HOUR = 3600;
const KB_PER_GB = 1e6;

/** Costs of each request that Lambda and EC2 share: HTTP API, traffic to the internet, logs. */
function entranceItems(traffic: MonthlyTraffic, prices: PriceTable): Record<string, number> {
  return {
    "HTTP API": traffic.requests * prices.httpApiRequest,
    "transfer out": ((traffic.requests * traffic.answerKb) / KB_PER_GB) * prices.transferOutGb,
    logs: ((traffic.requests * traffic.logKb) / KB_PER_GB) * prices.logGb,
  };
}

/**
 * Monthly cost on Lambda: requests, GB-seconds (including initialization), provisioned concurrency, the image's storage,
 * the HTTP API, and, with the model on EFS, its storage and its transfer at each cold start.
 */
export function lambdaMonthlyCost(shape: LambdaShape, traffic: MonthlyTraffic, prices: PriceTable): MonthlyCost {
  const { lambda } = prices;
  const gb = shape.memoryMb / 1024;
  const onDemand = traffic.requests * (1 - shape.provisionedShare);
  const cold = traffic.requests * shape.coldShare;
  const work = gb * (onDemand * shape.seconds + cold * shape.coldSeconds);
  const provisionedWork = gb * traffic.requests * shape.provisionedShare * shape.seconds;
  const kept = gb * shape.provisioned * prices.hoursPerMonth * SECONDS_PER_HOUR;
  const onEfs = shape.modelSource === "efs";
  return costOf({
    requests: traffic.requests * lambda.requests,
    "GB-seconds": work * lambda.gbSecond[shape.architecture],
    "provisioned concurrency":
      kept * lambda.provisionedGbSecond[shape.architecture] +
      provisionedWork * lambda.gbSecondOnProvisioned[shape.architecture],
    "image storage": (0.1 + (onEfs ? 0 : shape.modelGb)) * prices.registryGbMonth,
    EFS: onEfs ? shape.modelGb * (prices.efsGbMonth + cold * prices.efsReadGb) : 0,
    ...entranceItems(traffic, prices),
  });
}

/** Monthly cost on EC2: machines, disks, metrics, endpoints of the private network, the model on EFS, and the HTTP API. */
export function serverMonthlyCost(shape: ServerShape, traffic: MonthlyTraffic, prices: PriceTable): MonthlyCost {
  const hours = prices.hoursPerMonth;
  return costOf({
    machines: shape.instances * hours * priceOf(prices.instanceHour, shape.instanceType),
    disks: shape.instances * shape.diskGb * prices.diskGbMonth,
    // Detailed monitoring, and the agent's disk and memory metrics.
    monitoring: shape.instances * (prices.detailedMonitoringMonth + 2 * prices.metricMonth),
    endpoints: shape.endpoints * hours * prices.interfaceEndpointHour,
    "image storage": 0.2 * prices.registryGbMonth,
    EFS: shape.modelGb * prices.efsGbMonth,
    "host names": prices.hostedZoneMonth,
    ...entranceItems(traffic, prices),
  });
}

const MOST_REQUESTS = 30e9;

/**
 * Finds the number of monthly requests from which `second` costs no more than `first`, by bisection. Assumes that the
 * sign of the difference changes at most once.
 * @returns 0 if `second` is never more expensive, undefined if it still is at {@link MOST_REQUESTS}
 */
export function breakEven(
  first: (requests: number) => number,
  second: (requests: number) => number,
): number | undefined {
  const cheaper = (requests: number) => second(requests) <= first(requests);
  if (cheaper(0)) return 0;
  if (!cheaper(MOST_REQUESTS)) return undefined;
  let [low, high] = [0, MOST_REQUESTS];
  while (high - low > 1 && high / Math.max(low, 1) > 1 + 1e-9) {
    const middle = low > 1 && high / low > 4 ? Math.sqrt(low * high) : (low + high) / 2;
    if (cheaper(middle)) high = middle;
    else low = middle;
  }
  return Math.ceil(high);
}

/** Number of interface endpoints of the private network. Machines and batch jobs need them, the function does not. */
export function endpointCount({ ec2, tracking, batch, endpointZones }: DeploymentSettings): number {
  if (!ec2 && !tracking && !batch) return 0;
  return (tracking ? 7 : 6) * endpointZones;
}

/** Estimated gigabytes of models (compact), images and tiles. */
const STORED = { models: 1, images: 2, tiles: 5 };
const METRICS_PER_MACHINE = 2;
const ALARMS_PER_MACHINE = 5;

/** Fixed monthly cost of every stack that the settings deploy; requests come on top ({@link lambdaMonthlyCost}). */
export function fixedMonthlyCosts(settings: DeploymentSettings, prices: PriceTable): Record<string, MonthlyCost> {
  const { lambda, ec2, tracking, batch } = settings;
  const hours = prices.hoursPerMonth;
  const machine = (type: string, diskGb: number, count = 1) => ({
    [`${count} x ${type}`]: count * hours * priceOf(prices.instanceHour, type),
    disks: count * diskGb * prices.diskGbMonth,
    monitoring: count * (prices.detailedMonitoringMonth + METRICS_PER_MACHINE * prices.metricMonth),
    alarms: (count * ALARMS_PER_MACHINE + 2) * prices.alarmMonth,
  });
  const costs: Record<string, MonthlyCost> = {
    network: costOf({
      [`${endpointCount(settings)} interface endpoints`]:
        endpointCount(settings) * hours * prices.interfaceEndpointHour,
    }),
    storage: costOf({
      "models on EFS": STORED.models * prices.efsGbMonth,
      images: STORED.images * prices.registryGbMonth,
      tiles: STORED.tiles * prices.bucketGbMonth,
    }),
    alerts: costOf({ "encryption key": prices.keyMonth }),
  };
  if (lambda) {
    const kept = (lambda.memoryMb / 1024) * lambda.provisionedConcurrency * hours * 3600;
    costs.lambda = costOf({
      ...(kept ? { "provisioned concurrency": kept * prices.lambda.provisionedGbSecond[lambda.architecture] } : {}),
      alarms: 4 * prices.alarmMonth,
      dashboard: prices.dashboardMonth,
    });
  }
  if (ec2) {
    costs.ec2 = costOf({
      ...machine(ec2.instanceType, 20, ec2.instances),
      "host names": prices.hostedZoneMonth,
      dashboard: prices.dashboardMonth,
    });
  }
  if (tracking) {
    costs.tracking = costOf({
      ...machine(tracking.instanceType, 30),
      [tracking.databaseInstanceType]: hours * priceOf(prices.databaseHour, tracking.databaseInstanceType),
      "database storage": tracking.databaseStorageGb * prices.databaseStorageGbMonth,
      password: prices.secretMonth,
    });
  }
  if (batch) costs.batch = costOf({});
  return costs;
}
