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
  ): Sold => ({ offer, attributes: { usageType: `${prefix}${usage}`, ...attributes }, unit, tiers: [[0, dollars]] });
  const lambda = (group: string, usage: string, dollars: number): Sold => ({
    ...sold("AWSLambda", usage, dollars, { Group: group }),
    tiers: [
      [6e9, 0.9 * dollars],
      [0, dollars],
    ],
  });
  const linux = {
    "Operating System": "Linux",
    "Pre Installed S/W": "NA",
    Tenancy: "Shared",
    CapacityStatus: "Used",
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
      sold("AmazonEC2", `BoxUsage:${instanceType}`, dollars, { ...linux, "Instance Type": instanceType }),
      sold("AmazonEC2", `BoxUsage:${instanceType}`, 2 * dollars, {
        ...linux,
        "Instance Type": instanceType,
        "Operating System": "Windows",
      }),
      sold("AmazonEC2", `DedicatedUsage:${instanceType}`, 3 * dollars, {
        ...linux,
        "Instance Type": instanceType,
        Tenancy: "Dedicated",
      }),
      sold("AmazonEC2", `UnusedBox:${instanceType}`, dollars, {
        ...linux,
        "Instance Type": instanceType,
        CapacityStatus: "UnusedCapacityReservation",
      }),
    ]),
    sold("AmazonEC2", "EBS:VolumeUsage.gp3", table.diskGbMonth, { unit: "GB-Mo" }),
    sold("AmazonEC2", "EBS:VolumeUsage.gp2", 0.1, { unit: "GB-Mo" }),
    sold("AmazonEC2", "NatGateway-Hours", table.natGatewayHour, { unit: "Hrs" }),
    sold("AmazonEC2", "NatGateway-Bytes", 0.045, { unit: "GB" }),
    ...Object.entries(table.databaseHour).flatMap(([instanceType, dollars]) =>
      ["PostgreSQL", "MySQL"].flatMap((engine, i) => [
        sold("AmazonRDS", `InstanceUsage:${instanceType}`, dollars + i, {
          ...{
            "Instance Type": instanceType,
            "Database Engine": engine,
            "Deployment Option": "Single-AZ",
            unit: "Hrs",
          },
        }),
        sold("AmazonRDS", `Multi-AZUsage:${instanceType}`, 2 * dollars, {
          ...{ "Instance Type": instanceType, "Database Engine": engine, "Deployment Option": "Multi-AZ", unit: "Hrs" },
        }),
      ]),
    ),
    sold("AmazonRDS", "RDS:GP3-Storage", table.databaseStorageGbMonth, {
      "Deployment Option": "Single-AZ",
      unit: "GB-Mo",
    }),
    sold("AmazonRDS", "RDS:Multi-AZ-GP3-Storage", 0.23, { "Deployment Option": "Multi-AZ", unit: "GB-Mo" }),
    sold("AmazonVPC", "VpcEndpoint-Hours", table.interfaceEndpointHour, { unit: "Hrs" }),
    sold("AmazonVPC", "VpcEndpoint-Bytes", 0.01, { unit: "GB" }),
    sold("AmazonEFS", "TimedStorage-ByteHrs", table.efsGbMonth, { unit: "GB-Mo" }),
    sold("AmazonEFS", "IATimedStorage-ByteHrs", 0.016, { unit: "GB-Mo" }),
    sold("AmazonEFS", "ETDataAccess-Bytes", table.efsReadGb, { "Access Type": "Read", unit: "GB" }),
    sold("AmazonEFS", "ETDataAccess-Bytes", 0.06, { "Access Type": "Write", unit: "GB" }),
    sold("AmazonECR", "TimedStorage-ByteHrs", table.registryGbMonth, { unit: "GB-Mo" }),
    sold("AmazonS3", "TimedStorage-ByteHrs", table.bucketGbMonth, { "Volume Type": "Standard", unit: "GB-Mo" }),
    sold("AmazonS3", "TimedStorage-GlacierByteHrs", 0.0036, { "Volume Type": "Amazon Glacier", unit: "GB-Mo" }),
    {
      ...sold("AWSDataTransfer", "DataTransfer-Out-Bytes", 0, { "Transfer Type": "AWS Outbound", unit: "GB" }),
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
      attributes: { usageType: "DashboardsUsageHour" },
      tiers: [[0, table.dashboardMonth]],
    },
    sold("awskms", "KMS-Keys", table.keyMonth, { unit: "Keys" }),
    sold("AWSSecretsManager", "AWSSecretsManager-Secrets", table.secretMonth, { unit: "Secrets" }),
    { ...sold("AmazonRoute53", "", 0), attributes: { usageType: "HostedZone" }, tiers: [[0, table.hostedZoneMonth]] },
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
  const attributes = [...new Set(products.flatMap((sold) => Object.keys(sold.attributes)))];
  const isGlobal = (sold: Sold) => /^(HostedZone|Dashboards)/.test(sold.attributes.usageType ?? "");
  const metadata = [
    ["FormatVersion", "v1.0"],
    ["Disclaimer", 'This pricing list is for informational purposes only: "a,b", C:\\, ü.'],
    ["Publication Date", `${published}T12:00:00Z`],
    ["Version", published.replaceAll("-", "")],
    ["OfferCode", offerCode],
  ];
  const columns = ["SKU", "OfferTermCode", "RateCode", "TermType", "PriceDescription", "StartingRange", "EndingRange"];
  const header = [...columns, "Unit", "PricePerUnit", "Currency", "Product Family", "Region Code", ...attributes];
  const rows = products.flatMap((sold, i) => {
    const sku = `SKU${String(i).padStart(4, "0")}`;
    const rest = ["Any", isGlobal(sold) ? "" : region, ...attributes.map((name) => sold.attributes[name] ?? "")];
    const price = (term: string, from: number, dollars: number, n: number) => [
      ...[
        sku,
        "JRTCKXETXF",
        `${sku}.JRTCKXETXF.${n}`,
        term,
        `$${dollars} per ${sold.unit}, "net"`,
        String(from),
        "Inf",
      ],
      ...[sold.unit, dollars.toFixed(10), "USD", ...rest],
    ];
    return [
      price("Reserved", 0, 9, 99),
      ...sold.tiers.map(([from, dollars], n) => price("OnDemand", from, dollars, n)),
    ];
  });
  return `${[...metadata, header, ...rows].map((row) => row.map(quoted).join(",")).join("\n")}\n`;
}

/** Empty fields are without quotes, as in AWS's files. */
const quoted = (field: string) => (field === "" ? "" : `"${field.replaceAll('"', '""')}"`);
