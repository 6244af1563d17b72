/** @module Log groups and how long they keep their lines. */
import { RemovalPolicy } from "aws-cdk-lib";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { DeploymentSettings } from "../../../src/deployment/settings";

/** A log group that is deleted with its stack. CloudWatch Logs encrypts it at rest. */
export function logGroup(scope: Construct, id: string, settings: DeploymentSettings, name?: string): LogGroup {
  return new LogGroup(scope, id, {
    ...(name ? { logGroupName: name } : {}),
    // The enumeration's values are the days; the check of the settings accepts only those.
    retention: settings.logRetentionDays as RetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
