/** @module Updates the price table from offer files of AWS's price list, by a rule for each price. */
import { InputError } from "../../errors/index";
import type { PriceTable } from "../prices";
import type { Offer, Product, Tier } from "./offer-file";

export interface Renewal {
  readonly table: PriceTable;
  /** By name, such as `lambda.requests`: before and after. */
  readonly changed: Readonly<Record<string, readonly [before: number, after: number]>>;
  /** Prices that are in none of the files and did not change. */
  readonly kept: readonly string[];
}

/** Number of metrics of a machine's detailed monitoring, which is priced by metric. */
const DETAILED_METRICS = 7;

/** Tells whether the table contains the price of a product. */
export function hasPrice(region: string): (offer: string, product: Product) => boolean {
  return (offer, product) => PRICE_RULES.some((rule) => isPriceOf(rule, offer, product, region));
}

/**
 * Copies the prices of offers into a new table. The table's date is the month of its oldest price.
 * @throws {InputError} `PRICE_LIST_UNUSED` for an offer without a price of the table, `PRICE_LIST_AMBIGUOUS`,
 *   `PRICE_LIST_INCOMPLETE` if an offer lacks a price or the table would mix regions
 */
export function renewPrices(before: PriceTable, offers: readonly Offer[], region: string): Renewal {
  for (const { code } of offers) {
    if (!PRICE_RULES.some((rule) => rule.offers.includes(code))) {
      const message = `No price of ${code} is used. Give files of ${PRICED_OFFERS.join(", ")}.`;
      throw new InputError("PRICE_LIST_UNUSED", message);
    }
  }
  const prices = new Map(entriesOf(before));
  const found = new Map<string, number>();
  const missing: string[] = [];
  for (const name of prices.keys()) {
    const rule = ruleOf(name);
    if (!rule) continue;
    const files = offers.filter(({ code }) => rule.offers.includes(code));
    const price = priceIn(files, rule, name, region);
    if (price !== undefined) found.set(name, price);
    else if (files.some(({ code }) => code === rule.offers[0])) missing.push(`${name} in ${rule.offers[0]}`);
  }
  if (missing.length > 0) {
    throw new InputError("PRICE_LIST_INCOMPLETE", `The files have no price in ${region} for ${missing.join(", ")}.`);
  }
  const metric = found.get("metricMonth");
  if (metric !== undefined) found.set("detailedMonitoringMonth", Number((DETAILED_METRICS * metric).toPrecision(12)));
  const kept = [...prices.keys()].filter((name) => name !== "hoursPerMonth" && !found.has(name));
  if (region !== before.region && kept.length > 0) {
    const absent = PRICED_OFFERS.filter((code) => !offers.some((offer) => offer.code === code));
    const message = `The table has prices of ${before.region}. For ${region} give the files of all services; missing are ${absent.join(", ")}.`;
    throw new InputError("PRICE_LIST_INCOMPLETE", message);
  }
  const dates = { ...before.published, ...Object.fromEntries(offers.map(({ code, published }) => [code, published])) };
  const months = PRICED_OFFERS.map((code) => (dates[code] ?? before.asOf).slice(0, 7));
  const table = { ...before, region, asOf: months.sort()[0] as string, published: dates };
  const changed = [...found].filter(([name, price]) => prices.get(name) !== price);
  return {
    table: withPrices(table, found),
    changed: Object.fromEntries(changed.map(([name, price]) => [name, [prices.get(name) as number, price]])),
    kept,
  };
}

function ruleOf(name: string): PriceRule | undefined {
  return PRICE_RULES.find(
    ({ price }) => price === name || (price.endsWith("*") && name.startsWith(price.slice(0, -1))),
  );
}

/** The price of the first tier that is not free. */
function priceIn(offers: readonly Offer[], rule: PriceRule, name: string, region: string): number | undefined {
  const type = rule.price.endsWith("*") ? name.slice(rule.price.length - 1) : undefined;
  const prices = offers.flatMap(({ code, products }) =>
    products
      .filter(({ product }) => isPriceOf(rule, code, product, region))
      .filter(({ product }) => type === undefined || product.instancetype === type)
      .flatMap(({ tiers }) => tiers.find((tier) => isPaid(tier, rule)) ?? []),
  );
  const different = [...new Set(prices.map(({ dollars }) => dollars))];
  if (different.length > 1) {
    throw new InputError("PRICE_LIST_AMBIGUOUS", `The files have several prices for ${name}: ${different.join(", ")}.`);
  }
  return different[0];
}

const isPaid = ({ unit, dollars }: Tier, rule: PriceRule) => dollars > 0 && rule.unit.test(unit);

/** The prices of a table with their names, such as `lambda.requests`. */
function entriesOf(value: object, prefix = ""): [string, number][] {
  return Object.entries(value).flatMap(([key, inner]): [string, number][] => {
    if (typeof inner === "number") return [[`${prefix}${key}`, inner]];
    return typeof inner === "object" && inner !== null ? entriesOf(inner, `${prefix}${key}.`) : [];
  });
}

function withPrices<T extends object>(value: T, prices: ReadonlyMap<string, number>, prefix = ""): T {
  const entries = Object.entries(value).map(([key, inner]) => {
    const name = `${prefix}${key}`;
    if (typeof inner === "object" && inner !== null) return [key, withPrices(inner, prices, `${name}.`)];
    return [key, prices.get(name) ?? inner];
  });
  return Object.fromEntries(entries) as T;
}

interface PriceRule {
  /** Its name in the table, such as `lambda.requests`; `*` stands for the instance type. */
  readonly price: string;
  /** Services whose offer files may have it. */
  readonly offers: readonly string[];
  readonly unit: RegExp;
  readonly usage: RegExp;
  /** What further columns must contain. */
  readonly attributes: Readonly<Record<string, string>>;
}

const HOURS = /^(hrs|hours?)$/i;
const GB = /^gb$/i;
const GB_MONTH = /^gb-mo(nth)?$/i;
const ANY = /./;

/** A price found by its usage type in any region. @param usage the type without the region, as a pattern */
function rule(
  price: string,
  offers: readonly string[],
  unit: RegExp,
  usage: string,
  attributes: PriceRule["attributes"] = {},
): PriceRule {
  return { price, offers, unit, usage: new RegExp(`^(?:[A-Za-z0-9]+(?:-[a-z]+-\\d)?-)?${usage}$`), attributes };
}

/** A price of Lambda, found by its group: the usage types of a group differ from region to region. */
function lambda(price: string, group: string): PriceRule {
  return { price: `lambda.${price}`, offers: ["AWSLambda"], unit: ANY, usage: ANY, attributes: { group } };
}

/** All of them but `detailedMonitoringMonth`, which is seven metrics, and `hoursPerMonth`. */
const PRICE_RULES: readonly PriceRule[] = [
  lambda("requests", "AWS-Lambda-Requests"),
  lambda("gbSecond.x86_64", "AWS-Lambda-Duration"),
  lambda("gbSecond.arm64", "AWS-Lambda-Duration-ARM"),
  lambda("provisionedGbSecond.x86_64", "AWS-Lambda-Provisioned-Concurrency"),
  lambda("provisionedGbSecond.arm64", "AWS-Lambda-Provisioned-Concurrency-ARM"),
  lambda("gbSecondOnProvisioned.x86_64", "AWS-Lambda-Duration-Provisioned"),
  lambda("gbSecondOnProvisioned.arm64", "AWS-Lambda-Duration-Provisioned-ARM"),
  rule("lambda.snapStartCacheGbSecond", ["AWSLambda"], ANY, "Lambda-SnapStart-Cached-GB-S(?:econd)?"),
  rule("lambda.snapStartRestoreGb", ["AWSLambda"], ANY, "Lambda-SnapStart-Restored-GB"),
  rule("httpApiRequest", ["AmazonApiGateway"], ANY, "ApiGatewayHttpRequest"),
  rule("instanceHour.*", ["AmazonEC2"], HOURS, "BoxUsage:[a-z0-9.-]+", {
    operatingsystem: "Linux",
    preinstalledsw: "NA",
    tenancy: "Shared",
    capacitystatus: "Used",
  }),
  rule("databaseHour.*", ["AmazonRDS"], HOURS, "InstanceUsage:db\\.[a-z0-9.-]+", {
    databaseengine: "PostgreSQL",
    deploymentoption: "Single-AZ",
  }),
  rule("databaseStorageGbMonth", ["AmazonRDS"], GB_MONTH, "RDS:GP3-Storage", { deploymentoption: "Single-AZ" }),
  rule("diskGbMonth", ["AmazonEC2"], GB_MONTH, "EBS:VolumeUsage\\.gp3"),
  rule("interfaceEndpointHour", ["AmazonVPC"], HOURS, "VpcEndpoint-Hours"),
  rule("natGatewayHour", ["AmazonEC2", "AmazonVPC"], HOURS, "NatGateway-Hours"),
  rule("efsGbMonth", ["AmazonEFS"], GB_MONTH, "TimedStorage-ByteHrs"),
  rule("efsReadGb", ["AmazonEFS"], GB, "ETDataAccess-Bytes", { accesstype: "Read" }),
  rule("registryGbMonth", ["AmazonECR"], GB_MONTH, "TimedStorage-ByteHrs"),
  rule("bucketGbMonth", ["AmazonS3"], GB_MONTH, "TimedStorage-ByteHrs", { volumetype: "Standard" }),
  rule("transferOutGb", ["AWSDataTransfer"], GB, "DataTransfer-Out-Bytes", { transfertype: "AWS Outbound" }),
  rule("logGb", ["AmazonCloudWatch"], GB, "DataProcessing-Bytes"),
  rule("alarmMonth", ["AmazonCloudWatch"], ANY, "CW:AlarmMonitorUsage"),
  rule("metricMonth", ["AmazonCloudWatch"], ANY, "CW:MetricMonitorUsage"),
  rule("dashboardMonth", ["AmazonCloudWatch"], ANY, "DashboardsUsageHour"),
  rule("keyMonth", ["awskms"], ANY, "KMS-Keys"),
  rule("secretMonth", ["AWSSecretsManager"], ANY, "AWSSecretsManager-Secrets?"),
  rule("hostedZoneMonth", ["AmazonRoute53"], ANY, "HostedZone"),
  rule("fargateCpuHour", ["AmazonECS"], HOURS, "Fargate-vCPU-Hours:perCPU"),
  rule("fargateGbHour", ["AmazonECS"], HOURS, "Fargate-GB-Hours"),
];

/** The services whose offer files are needed for the whole table. */
export const PRICED_OFFERS: readonly string[] = [...new Set(PRICE_RULES.map(({ offers }) => offers[0] as string))];

/** Whether a product is what a rule describes, in a region or in all of them. */
function isPriceOf(rule: PriceRule, offer: string, product: Product, region: string): boolean {
  const { usagetype = "", regioncode, fromregioncode } = product;
  const soldIn = regioncode || fromregioncode || region;
  return (
    rule.offers.includes(offer) &&
    (soldIn === region || soldIn === "aws-global") &&
    rule.usage.test(usagetype) &&
    Object.entries(rule.attributes).every(([column, value]) => product[column] === value)
  );
}
