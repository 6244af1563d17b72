/**
 * @module Which product of AWS's price list each price of the table is. Usage types begin with the region's short name
 * (`USE1-`, nothing in us-east-1 for older services); other columns tell the remaining products apart.
 */
import type { Product } from "./offer-file";

/** One price of the table. */
export interface PriceRule {
  /** Its name in the table, such as `lambda.requests`; `*` stands for the instance type. */
  readonly price: string;
  /** Services whose offer files may have it. */
  readonly offers: readonly string[];
  readonly unit: RegExp;
  readonly usage: RegExp;
  /** What further columns must contain. */
  readonly attributes?: Readonly<Record<string, string>>;
}

const HOURS = /^(hrs|hours?)$/i;
const GB = /^gb$/i;
const GB_MONTH = /^gb-mo(nth)?$/i;
const ANY = /./;

/** Matches a usage type in any region. */
const usage = (name: string) => new RegExp(`^(?:[A-Za-z0-9]+(?:-[a-z]+-\\d)?-)?${name}$`);

/** A price of Lambda, found by its group: the usage types of a group differ from region to region. */
function lambda(price: string, group: string): PriceRule {
  return { price: `lambda.${price}`, offers: ["AWSLambda"], unit: ANY, usage: ANY, attributes: { group } };
}

/** All of them but `detailedMonitoringMonth`, which is seven metrics, and `hoursPerMonth`. */
export const PRICE_RULES: readonly PriceRule[] = [
  lambda("requests", "AWS-Lambda-Requests"),
  lambda("gbSecond.x86_64", "AWS-Lambda-Duration"),
  lambda("gbSecond.arm64", "AWS-Lambda-Duration-ARM"),
  lambda("provisionedGbSecond.x86_64", "AWS-Lambda-Provisioned-Concurrency"),
  lambda("provisionedGbSecond.arm64", "AWS-Lambda-Provisioned-Concurrency-ARM"),
  lambda("gbSecondOnProvisioned.x86_64", "AWS-Lambda-Duration-Provisioned"),
  lambda("gbSecondOnProvisioned.arm64", "AWS-Lambda-Duration-Provisioned-ARM"),
  {
    price: "lambda.snapStartCacheGbSecond",
    offers: ["AWSLambda"],
    unit: ANY,
    usage: usage("Lambda-SnapStart-Cached-GB-S(?:econd)?"),
  },
  {
    price: "lambda.snapStartRestoreGb",
    offers: ["AWSLambda"],
    unit: ANY,
    usage: usage("Lambda-SnapStart-Restored-GB"),
  },
  { price: "httpApiRequest", offers: ["AmazonApiGateway"], unit: ANY, usage: usage("ApiGatewayHttpRequest") },
  {
    price: "instanceHour.*",
    offers: ["AmazonEC2"],
    unit: HOURS,
    usage: usage("BoxUsage:[a-z0-9.-]+"),
    attributes: { operatingsystem: "Linux", preinstalledsw: "NA", tenancy: "Shared", capacitystatus: "Used" },
  },
  {
    price: "databaseHour.*",
    offers: ["AmazonRDS"],
    unit: HOURS,
    usage: usage("InstanceUsage:db\\.[a-z0-9.-]+"),
    attributes: { databaseengine: "PostgreSQL", deploymentoption: "Single-AZ" },
  },
  {
    price: "databaseStorageGbMonth",
    offers: ["AmazonRDS"],
    unit: GB_MONTH,
    usage: usage("RDS:GP3-Storage"),
    attributes: { deploymentoption: "Single-AZ" },
  },
  { price: "diskGbMonth", offers: ["AmazonEC2"], unit: GB_MONTH, usage: usage("EBS:VolumeUsage\\.gp3") },
  { price: "interfaceEndpointHour", offers: ["AmazonVPC"], unit: HOURS, usage: usage("VpcEndpoint-Hours") },
  { price: "interfaceEndpointGb", offers: ["AmazonVPC"], unit: GB, usage: usage("VpcEndpoint-Bytes") },
  { price: "natGatewayHour", offers: ["AmazonEC2", "AmazonVPC"], unit: HOURS, usage: usage("NatGateway-Hours") },
  { price: "natGatewayGb", offers: ["AmazonEC2", "AmazonVPC"], unit: GB, usage: usage("NatGateway-Bytes") },
  { price: "efsGbMonth", offers: ["AmazonEFS"], unit: GB_MONTH, usage: usage("TimedStorage-ByteHrs") },
  {
    price: "efsReadGb",
    offers: ["AmazonEFS"],
    unit: GB,
    usage: usage("ETDataAccess-Bytes"),
    attributes: { accesstype: "Read" },
  },
  { price: "registryGbMonth", offers: ["AmazonECR"], unit: GB_MONTH, usage: usage("TimedStorage-ByteHrs") },
  {
    price: "bucketGbMonth",
    offers: ["AmazonS3"],
    unit: GB_MONTH,
    usage: usage("TimedStorage-ByteHrs"),
    attributes: { volumetype: "Standard" },
  },
  {
    price: "transferOutGb",
    offers: ["AWSDataTransfer"],
    unit: GB,
    usage: usage("DataTransfer-Out-Bytes"),
    attributes: { transfertype: "AWS Outbound" },
  },
  { price: "logGb", offers: ["AmazonCloudWatch"], unit: GB, usage: usage("DataProcessing-Bytes") },
  { price: "alarmMonth", offers: ["AmazonCloudWatch"], unit: ANY, usage: usage("CW:AlarmMonitorUsage") },
  { price: "metricMonth", offers: ["AmazonCloudWatch"], unit: ANY, usage: usage("CW:MetricMonitorUsage") },
  { price: "dashboardMonth", offers: ["AmazonCloudWatch"], unit: ANY, usage: usage("DashboardsUsageHour") },
  { price: "keyMonth", offers: ["awskms"], unit: ANY, usage: usage("KMS-Keys") },
  { price: "secretMonth", offers: ["AWSSecretsManager"], unit: ANY, usage: usage("AWSSecretsManager-Secrets?") },
  { price: "hostedZoneMonth", offers: ["AmazonRoute53"], unit: ANY, usage: usage("HostedZone") },
  { price: "fargateCpuHour", offers: ["AmazonECS"], unit: HOURS, usage: usage("Fargate-vCPU-Hours:perCPU") },
  { price: "fargateGbHour", offers: ["AmazonECS"], unit: HOURS, usage: usage("Fargate-GB-Hours") },
];

/** The services whose offer files are needed for the whole table. */
export const PRICED_OFFERS: readonly string[] = [...new Set(PRICE_RULES.map(({ offers }) => offers[0] as string))];

/** Whether a product is what a rule describes, in a region or in all of them. */
export function isPriceOf(rule: PriceRule, offer: string, product: Product, region: string): boolean {
  const { usagetype = "", regioncode, fromregioncode } = product;
  const soldIn = regioncode || fromregioncode || region;
  return (
    rule.offers.includes(offer) &&
    (soldIn === region || soldIn === "aws-global") &&
    rule.usage.test(usagetype) &&
    Object.entries(rule.attributes ?? {}).every(([column, value]) => product[column] === value)
  );
}
