/** @module A dashboard for Lambda and one for EC2: traffic, errors, latency, and graphs of their own. */
import { Dashboard, GraphWidget, type IMetric } from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import type { Entrance } from "./stacks/http-api";

/** Rows of three graphs: the entrance's first, then one per entry of `more`. */
export function servingDashboard(
  scope: Construct,
  dashboardName: string,
  entrance: Entrance,
  more: Readonly<Record<string, readonly IMetric[]>>,
): Dashboard {
  const graphs: Record<string, readonly IMetric[]> = {
    Requests: [entrance.count],
    "Responses with errors": [entrance.serverErrors, entrance.clientErrors],
    "Latency at the entrance": Object.values(entrance.latency),
    ...more,
  };
  const widgets = Object.entries(graphs).map(
    ([title, left]) => new GraphWidget({ title, left: [...left], width: 8, height: 6 }),
  );
  const rows = Array.from({ length: Math.ceil(widgets.length / 3) }, (_, row) => widgets.slice(3 * row, 3 * row + 3));
  return new Dashboard(scope, "Dashboard", { dashboardName, widgets: rows });
}
