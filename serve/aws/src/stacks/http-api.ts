/** @module A public HTTPS entrance (API Gateway HTTP API) with throttling, access logs, alarms and a dashboard. */
import { CfnOutput, Duration } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  type HttpRouteIntegration,
  LogGroupLogDestination,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpIamAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { Dashboard, GraphWidget, type IMetric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import type { DeploymentSettings, Ec2Settings } from "../../../../src/deployment/settings";
import { logGroup } from "../buckets";
import { acknowledge } from "../grants";
import type { AlertsStack } from "./alerts";

export interface EntranceProps {
  readonly settings: DeploymentSettings;
  readonly alerts: AlertsStack;
  readonly title: string;
  readonly integration: HttpRouteIntegration;
  readonly access: Pick<Ec2Settings, "authorization" | "requestsPerSecond" | "burst">;
  /** Whether the integration answers the question of a browser if a page of another origin may call it. */
  readonly preflight?: boolean;
}

/** One line of JSON per request: who, what, how long, with what outcome; no request bodies. */
const ACCESS_LOG = AccessLogFormat.custom(
  JSON.stringify({
    requestId: "$context.requestId",
    time: "$context.requestTime",
    ip: "$context.identity.sourceIp",
    caller: "$context.identity.userArn",
    method: "$context.httpMethod",
    path: "$context.path",
    status: "$context.status",
    latency: "$context.responseLatency",
    integrationLatency: "$context.integrationLatency",
    integrationError: "$context.integrationErrorMessage",
    bytes: "$context.responseLength",
  }),
);

/** All methods and paths go to one integration, which answers as the HTTP contract says. */
export class Entrance extends Construct {
  readonly api: HttpApi;
  readonly count: IMetric;
  readonly serverErrors: IMetric;
  readonly clientErrors: IMetric;
  readonly latency: Readonly<Record<"p50" | "p95" | "p99", IMetric>>;

  constructor(scope: Construct, id: string, props: EntranceProps) {
    super(scope, id);
    const { settings, alerts, title, access } = props;
    this.api = new HttpApi(this, "Api", {
      apiName: `${settings.name}-${title}`,
      createDefaultStage: false,
      description: `Histology classifier on ${title}`,
    });
    const open = access.authorization === "none";
    const { GET, POST, OPTIONS } = HttpMethod;
    const add = (path: string, methods: HttpMethod[], isOpen: boolean) => {
      const authorizer = isOpen ? new HttpNoneAuthorizer() : new HttpIamAuthorizer();
      return this.api.addRoutes({ path, methods, integration: props.integration, authorizer });
    };
    const routes = [...add("/{proxy+}", [GET, POST], open), ...add("/", [GET], open)];
    for (const route of props.preflight ? add("/{proxy+}", [OPTIONS], true) : []) {
      acknowledge(route, "APIG4", "Browsers ask without credentials; the answer says only who may call.");
    }
    const stage = this.api.addStage("Stage", {
      stageName: "$default",
      autoDeploy: true,
      throttle: { rateLimit: access.requestsPerSecond, burstLimit: access.burst },
      detailedMetricsEnabled: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup(this, "AccessLog", settings)),
        format: ACCESS_LOG,
      },
    });
    const why =
      "The setting authorization: none makes it public; requests are throttled, and their bodies are not logged.";
    for (const route of open ? routes : []) acknowledge(route, "APIG4", why);

    const period = Duration.minutes(5);
    this.count = stage.metricCount({ period });
    this.serverErrors = stage.metricServerError({ period, statistic: Stats.SUM });
    this.clientErrors = stage.metricClientError({ period, statistic: Stats.SUM });
    this.latency = {
      p50: stage.metricLatency({ period, statistic: "p50" }),
      p95: stage.metricLatency({ period, statistic: "p95" }),
      p99: stage.metricLatency({ period, statistic: "p99" }),
    };
    alerts.alarm(this, "ServerErrors", {
      alarmDescription: `${title}: 5 or more responses with status 5xx within 5 minutes. Runbook: "5xx".`,
      metric: this.serverErrors,
      threshold: 5,
      evaluationPeriods: 1,
    });
    alerts.alarm(this, "SlowAnswers", {
      alarmDescription: `${title}: 95th percentile of latency above 2 s for 15 minutes. Runbook: "p95".`,
      metric: this.latency.p95,
      threshold: 2000,
      evaluationPeriods: 3,
    });
    new CfnOutput(this, "Url", { value: this.api.apiEndpoint }).overrideLogicalId("Url");
  }
}

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
