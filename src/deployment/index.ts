/** @module Deployment: settings, cost model, and simulation of the two ways to serve. */
export {
  type ColdStartOption,
  type Comparison,
  coldStartOptions,
  compareUnder,
  type FleetSizing,
  type Measurements,
  machinesFor,
  meanMachines,
  monthlyCostCurves,
} from "./compare";
export {
  breakEven,
  costOf,
  type LambdaShape,
  lambdaMonthlyCost,
  type MonthlyCost,
  type MonthlyTraffic,
  type ServerShape,
  serverMonthlyCost,
  TYPICAL_TRAFFIC,
} from "./cost";
export { endpointCount, fixedMonthlyCosts } from "./estimate";
export { LAMBDA_DEFAULTS, type LambdaOutcome, type LambdaSimulation, simulateLambda } from "./lambda-simulation";
export { type LatencySummary, measured, type Sampler, summarize } from "./latency";
export { type InitError, type LambdaLimits, LocalLambda, type LocalLambdaOptions, peakMemoryOf } from "./local-lambda";
export {
  MEMORY_PER_CPU_MB,
  type MeasuredLambda,
  type MeasuredServer,
  measureLambda,
  measureServer,
} from "./measure";
export {
  type DeploymentPart,
  type DeploymentTarget,
  deploymentPlan,
  filled,
  KEPT,
  type PlanOptions,
  removalPlan,
  type Step,
  type TrackingPlanOptions,
  trackingPlan,
} from "./plan";
export { type Offer, readOffer } from "./price-list/offer-file";
export { hasPrice, type Renewal, renewPrices } from "./price-list/renew";
export { PRICED_OFFERS } from "./price-list/rules";
export { PRICE_FILE, type PriceTable, priceOf, readPrices } from "./prices";
export { type RunPlanOptions, runPlan } from "./run-plan";
export { SERVER_DEFAULTS, type ServerOutcome, type ServerSimulation, simulateServers } from "./server-simulation";
export { architectureOf, checkSettings, type DeploymentSettings, readSettings, settingsSchema } from "./settings";
export { arrivals, constantTraffic, exponential, meanRate, officeHours, spikes, type TrafficPattern } from "./traffic";
