/** @module Log retention from a number of days. */
import { RemovalPolicy } from "aws-cdk-lib";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { DeploymentSettings } from "../../../src/deployment/settings";

/** The settings' days as CDK names them: its enumeration has the days as values; the settings check allows only those. */
export function retention(days: number): RetentionDays {
  return days as RetentionDays;
}

/** A log group that goes with its stack. CloudWatch Logs encrypts it at rest. */
export function logGroup(scope: Construct, id: string, settings: DeploymentSettings, name?: string): LogGroup {
  return new LogGroup(scope, id, {
    ...(name ? { logGroupName: name } : {}),
    retention: retention(settings.logRetentionDays),
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
