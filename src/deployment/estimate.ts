/** @module Fixed monthly costs of a deployment by stack, shown before it is created. */
import { costOf, type MonthlyCost } from "./cost";
import { type PriceTable, priceOf } from "./prices";
import type { DeploymentSettings } from "./settings";

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
