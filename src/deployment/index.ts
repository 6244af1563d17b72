/** @module Deployment: settings, cost model, and simulation of the two ways to serve. */
export {
  coldStartOptions,
  compareUnder,
  type Measurements,
  meanMachines,
  monthlyCostCurves,
} from "./compare";
export {
  breakEven,
  fixedMonthlyCosts,
  type LambdaShape,
  lambdaMonthlyCost,
  type MonthlyTraffic,
  serverMonthlyCost,
  TYPICAL_TRAFFIC,
} from "./cost";
export { measured, type Sampler, summarize } from "./latency";
export { type FunctionResult, type InitError, type LambdaLimits, LocalLambda } from "./local-lambda";
export { measureLambda, measureServer } from "./measure";
export {
  type DeploymentPart,
  type DeploymentTarget,
  deploymentPlan,
  KEPT,
  operate,
  removalPlan,
  type Step,
  trackingPlan,
} from "./plan";
export { type Offer, readOffer } from "./price-list/offer-file";
export { hasPrice, PRICED_OFFERS, renewPrices } from "./price-list/renew";
export { PRICE_FILE, type PriceTable, priceOf, readPrices } from "./prices";
export { requireCredentials, runPlan } from "./run-plan";
export { architectureOf, checkSettings, type DeploymentSettings, readSettings, settingsSchema } from "./settings";
export { LAMBDA_DEFAULTS, SERVER_DEFAULTS, simulateLambda, simulateServers } from "./simulation";
export { arrivals, constantTraffic, exponential, meanRate, officeHours, spikes } from "./traffic";
