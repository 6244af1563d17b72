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
export const PRICE_RULES: readonly PriceRule[] = [
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
export function isPriceOf(rule: PriceRule, offer: string, product: Product, region: string): boolean {
  const { usagetype = "", regioncode, fromregioncode } = product;
  const soldIn = regioncode || fromregioncode || region;
  return (
    rule.offers.includes(offer) &&
    (soldIn === region || soldIn === "aws-global") &&
    rule.usage.test(usagetype) &&
    Object.entries(rule.attributes).every(([column, value]) => product[column] === value)
  );
}
