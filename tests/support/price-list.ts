/** @module Offer files in the form of AWS's price list, made of a price table: each price among products that look like it. */
import type { PriceTable } from "../../src/deployment/index";

interface Sold {
  readonly offer: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Dollars by the amount from which on they count. */
  readonly tiers: readonly (readonly [from: number, dollars: number])[];
  readonly unit: string;
}

/** Products of the services that the table prices, as the price list describes them; `prefix` is the region's short name. */
function productsOf(table: PriceTable, prefix: string): Sold[] {
  const sold = (
    offer: string,
    usage: string,
    dollars: number,
    { unit = "Quantity", ...attributes }: Record<string, string> = {},
  ): Sold => ({ offer, attributes: { usagetype: `${prefix}${usage}`, ...attributes }, unit, tiers: [[0, dollars]] });
  const lambda = (group: string, usage: string, dollars: number): Sold => ({
    ...sold("AWSLambda", usage, dollars, { group }),
    tiers: [
      [6e9, 0.9 * dollars],
      [0, dollars],
    ],
  });
  const linux = {
    operatingSystem: "Linux",
    preInstalledSw: "NA",
    tenancy: "Shared",
    capacitystatus: "Used",
    unit: "Hrs",
  };
  const { lambda: l } = table;
  return [
    lambda("AWS-Lambda-Requests", "Request", l.requests),
    lambda("AWS-Lambda-Duration", "Lambda-GB-Second", l.gbSecond.x86_64),
    lambda("AWS-Lambda-Duration-ARM", "Lambda-GB-Second-ARM", l.gbSecond.arm64),
    lambda("AWS-Lambda-Provisioned-Concurrency", "Lambda-Provisioned-Concurrency", l.provisionedGbSecond.x86_64),
    lambda("AWS-Lambda-Provisioned-Concurrency-ARM", "Lambda-Provisioned-Concurrency-ARM", l.provisionedGbSecond.arm64),
    lambda("AWS-Lambda-Duration-Provisioned", "Lambda-Provisioned-GB-Second", l.gbSecondOnProvisioned.x86_64),
    lambda("AWS-Lambda-Duration-Provisioned-ARM", "Lambda-Provisioned-GB-Second-ARM", l.gbSecondOnProvisioned.arm64),
    sold("AWSLambda", "Lambda-SnapStart-Cached-GB-S", l.snapStartCacheGbSecond),
    sold("AWSLambda", "Lambda-SnapStart-Restored-GB", l.snapStartRestoreGb),
    sold("AWSLambda", "Lambda-Edge-Request", 0.5),
    sold("AmazonApiGateway", "ApiGatewayHttpRequest", table.httpApiRequest, { unit: "Requests" }),
    sold("AmazonApiGateway", "ApiGatewayRequest", 3.5),
    ...Object.entries(table.instanceHour).flatMap(([instanceType, dollars]) => [
      sold("AmazonEC2", `BoxUsage:${instanceType}`, dollars, { ...linux, instanceType }),
      sold("AmazonEC2", `BoxUsage:${instanceType}`, 2 * dollars, {
        ...linux,
        instanceType,
        operatingSystem: "Windows",
      }),
      sold("AmazonEC2", `DedicatedUsage:${instanceType}`, 3 * dollars, {
        ...linux,
        instanceType,
        tenancy: "Dedicated",
      }),
      sold("AmazonEC2", `UnusedBox:${instanceType}`, dollars, {
        ...linux,
        instanceType,
        capacitystatus: "UnusedCapacityReservation",
      }),
    ]),
    sold("AmazonEC2", "EBS:VolumeUsage.gp3", table.diskGbMonth, { unit: "GB-Mo" }),
    sold("AmazonEC2", "EBS:VolumeUsage.gp2", 0.1, { unit: "GB-Mo" }),
    sold("AmazonEC2", "NatGateway-Hours", table.natGatewayHour, { unit: "Hrs" }),
    sold("AmazonEC2", "NatGateway-Bytes", table.natGatewayGb, { unit: "GB" }),
    ...Object.entries(table.databaseHour).flatMap(([instanceType, dollars]) =>
      ["PostgreSQL", "MySQL"].flatMap((databaseEngine, i) => [
        sold("AmazonRDS", `InstanceUsage:${instanceType}`, dollars + i, {
          ...{ instanceType, databaseEngine, deploymentOption: "Single-AZ", unit: "Hrs" },
        }),
        sold("AmazonRDS", `Multi-AZUsage:${instanceType}`, 2 * dollars, {
          ...{ instanceType, databaseEngine, deploymentOption: "Multi-AZ", unit: "Hrs" },
        }),
      ]),
    ),
    sold("AmazonRDS", "RDS:GP3-Storage", table.databaseStorageGbMonth, {
      deploymentOption: "Single-AZ",
      unit: "GB-Mo",
    }),
    sold("AmazonRDS", "RDS:Multi-AZ-GP3-Storage", 0.23, { deploymentOption: "Multi-AZ", unit: "GB-Mo" }),
    sold("AmazonVPC", "VpcEndpoint-Hours", table.interfaceEndpointHour, { unit: "Hrs" }),
    sold("AmazonVPC", "VpcEndpoint-Bytes", table.interfaceEndpointGb, { unit: "GB" }),
    sold("AmazonEFS", "TimedStorage-ByteHrs", table.efsGbMonth, { unit: "GB-Mo" }),
    sold("AmazonEFS", "IATimedStorage-ByteHrs", 0.016, { unit: "GB-Mo" }),
    sold("AmazonEFS", "ETDataAccess-Bytes", table.efsReadGb, { accessType: "Read", unit: "GB" }),
    sold("AmazonEFS", "ETDataAccess-Bytes", 0.06, { accessType: "Write", unit: "GB" }),
    sold("AmazonECR", "TimedStorage-ByteHrs", table.registryGbMonth, { unit: "GB-Mo" }),
    sold("AmazonS3", "TimedStorage-ByteHrs", table.bucketGbMonth, { volumeType: "Standard", unit: "GB-Mo" }),
    sold("AmazonS3", "TimedStorage-GlacierByteHrs", 0.0036, { volumeType: "Amazon Glacier", unit: "GB-Mo" }),
    {
      ...sold("AWSDataTransfer", "DataTransfer-Out-Bytes", 0, { transferType: "AWS Outbound", unit: "GB" }),
      tiers: [
        [10240, 0.085],
        [0, 0],
        [100, table.transferOutGb],
      ],
    },
    sold("AmazonCloudWatch", "DataProcessing-Bytes", table.logGb, { unit: "GB" }),
    sold("AmazonCloudWatch", "CW:AlarmMonitorUsage", table.alarmMonth, { unit: "Alarms" }),
    sold("AmazonCloudWatch", "CW:HighResAlarmMonitorUsage", 0.3, { unit: "Alarms" }),
    sold("AmazonCloudWatch", "CW:MetricMonitorUsage", table.metricMonth, { unit: "Metrics" }),
    {
      ...sold("AmazonCloudWatch", "", 0),
      attributes: { usagetype: "DashboardsUsageHour" },
      tiers: [[0, table.dashboardMonth]],
    },
    sold("awskms", "KMS-Keys", table.keyMonth, { unit: "Keys" }),
    sold("AWSSecretsManager", "AWSSecretsManager-Secrets", table.secretMonth, { unit: "Secrets" }),
    { ...sold("AmazonRoute53", "", 0), attributes: { usagetype: "HostedZone" }, tiers: [[0, table.hostedZoneMonth]] },
    sold("AmazonECS", "Fargate-vCPU-Hours:perCPU", table.fargateCpuHour, { unit: "hours" }),
    sold("AmazonECS", "Fargate-ARM-vCPU-Hours:perCPU", 0.03, { unit: "hours" }),
    sold("AmazonECS", "Fargate-GB-Hours", table.fargateGbHour, { unit: "hours" }),
  ];
}

/** The texts of the offer files by service. @param published day of publication @param region with the short name of its usage types */
export function offerFiles(
  table: PriceTable,
  published: string,
  { region, prefix }: { readonly region: string; readonly prefix: string } = { region: "us-east-1", prefix: "" },
): Map<string, string> {
  const files = new Map<string, Sold[]>();
  for (const sold of productsOf(table, prefix)) files.set(sold.offer, [...(files.get(sold.offer) ?? []), sold]);
  return new Map([...files].map(([offer, products]) => [offer, fileOf(offer, products, published, region)]));
}

function fileOf(offerCode: string, products: readonly Sold[], published: string, region: string): string {
  const skus = products.map((_, i) => `SKU${String(i).padStart(4, "0")}`);
  const isGlobal = ({ attributes }: Sold) => /^(HostedZone|Dashboards)/.test(attributes.usagetype ?? "");
  return JSON.stringify(
    {
      formatVersion: "v1.0",
      disclaimer: 'This pricing list is for informational purposes only: "{[", C:\\, ü.',
      offerCode,
      version: published.replaceAll("-", ""),
      publicationDate: `${published}T12:00:00Z`,
      products: Object.fromEntries(
        products.map((sold, i) => {
          const regionCode = isGlobal(sold) ? "" : region;
          return [skus[i], { sku: skus[i], productFamily: "Any", attributes: { ...sold.attributes, regionCode } }];
        }),
      ),
      terms: {
        OnDemand: Object.fromEntries(products.map((sold, i) => [skus[i], termsOf(skus[i] as string, sold)])),
        Reserved: { SKU0000: { "SKU0000.X": { priceDimensions: { Y: { unit: "Hrs", pricePerUnit: { USD: "9" } } } } } },
      },
      attributesList: {},
    },
    null,
    2,
  );
}

function termsOf(sku: string, { tiers, unit }: Sold): object {
  const dimensions = tiers.map(([from, dollars], i) => [
    `${sku}.JRTCKXETXF.${i}`,
    {
      ...{ rateCode: `${sku}.JRTCKXETXF.${i}`, description: `$${dollars} per ${unit}`, beginRange: String(from) },
      ...{ endRange: "Inf", unit, pricePerUnit: { USD: dollars.toFixed(10) }, appliesTo: [] },
    },
  ]);
  const key = `${sku}.JRTCKXETXF`;
  return {
    [key]: { offerTermCode: "JRTCKXETXF", sku, priceDimensions: Object.fromEntries(dimensions), termAttributes: {} },
  };
}
