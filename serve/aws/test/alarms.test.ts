import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultSettings, resources, synthesize } from "./synthesized";

const { templates } = synthesize(defaultSettings());

/**
 * Metrics that AWS's services publish by themselves, with the dimensions that they come with
 * (Amazon CloudWatch User Guide, "AWS services that publish CloudWatch metrics").
 */
const PUBLISHED: Readonly<Record<string, readonly string[]>> = {
  "AWS/ApiGateway 5xx": ["ApiId", "Stage"],
  "AWS/ApiGateway Latency": ["ApiId", "Stage"],
  "AWS/EC2 CPUUtilization": ["InstanceId"],
  "AWS/EC2 StatusCheckFailed_Instance": ["InstanceId"],
  "AWS/EC2 StatusCheckFailed_System": ["InstanceId"],
  "AWS/Lambda Errors": ["FunctionName", "Resource", "ExecutedVersion"],
  "AWS/Lambda Throttles": ["FunctionName", "Resource", "ExecutedVersion"],
  "AWS/RDS CPUUtilization": ["DBInstanceIdentifier"],
  "AWS/RDS FreeStorageSpace": ["DBInstanceIdentifier"],
};

interface AgentMetrics {
  readonly namespace: string;
  readonly append_dimensions: Readonly<Record<string, string>>;
  readonly aggregation_dimensions: readonly (readonly string[])[];
  readonly metrics_collected: Readonly<Record<string, { readonly measurement: readonly string[] }>>;
}

/** What the metrics agent on the machines publishes, from its settings in their user data. */
function publishedByAgent(): { name: string; dimensions: readonly (readonly string[])[] }[] {
  return resources(templates, "AWS::EC2::Instance").flatMap(({ Properties }) => {
    const settings = /\{[^\n]*metrics_collected[^\n]*\}/.exec(userDataText(Properties.UserData))?.[0];
    assert.ok(settings, "each machine has the agent's settings");
    const { metrics } = JSON.parse(settings) as { metrics: AgentMetrics };
    return Object.entries(metrics.metrics_collected).flatMap(([section, { measurement }]) =>
      measurement.map((one) => ({
        name: `${metrics.namespace} ${section}_${one}`,
        dimensions: metrics.aggregation_dimensions,
      })),
    );
  });
}

/** The text of user data that is joined from strings and references. */
function userDataText(value: unknown): string {
  const encoded = (value as { "Fn::Base64": unknown })["Fn::Base64"];
  if (typeof encoded === "string") return encoded;
  const [, parts] = (encoded as { "Fn::Join": [string, unknown[]] })["Fn::Join"];
  return parts.map((part) => (typeof part === "string" ? part : "REFERENCE")).join("");
}

test("every alarm watches a metric that AWS or the machines' agent publishes, with its dimensions", () => {
  const agent = publishedByAgent();
  assert.ok(agent.length >= 2);
  const alarms = resources(templates, "AWS::CloudWatch::Alarm");
  assert.ok(alarms.length >= 10);
  const watched = alarms.flatMap(({ path, Properties }) => {
    const single = Properties as unknown as AlarmMetric;
    const several = (Properties.Metrics ?? []) as { MetricStat?: { Metric: AlarmMetric } }[];
    return [single, ...several.flatMap(({ MetricStat }) => MetricStat?.Metric ?? [])]
      .filter(({ MetricName }) => MetricName)
      .map((metric) => ({ path, ...metric }));
  });
  assert.ok(watched.length >= alarms.length, "each alarm has a metric");
  for (const { path, Namespace, MetricName, Dimensions = [] } of watched) {
    const name = `${Namespace} ${MetricName}`;
    const dimensions = Dimensions.map(({ Name }) => Name);
    const own = agent.find((metric) => metric.name === name);
    if (own) {
      assert.ok(
        own.dimensions.some((set) => [...set].sort().join() === [...dimensions].sort().join()),
        `${path}: the agent publishes ${name} by ${JSON.stringify(own.dimensions)}, not by ${dimensions}`,
      );
      continue;
    }
    const known = PUBLISHED[name];
    assert.ok(known, `${path}: nothing publishes ${name}`);
    for (const dimension of dimensions) assert.ok(known.includes(dimension), `${path}: ${name} has no ${dimension}`);
  }
});

interface AlarmMetric {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly { readonly Name: string }[];
}
