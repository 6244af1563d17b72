/** @module Buckets that nobody outside the account can read, and that a removal keeps, and groups of logs that it removes. */
import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type IBucket,
  ObjectOwnership,
} from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { DeploymentSettings } from "../../../src/deployment/settings";

export function privateBucket(scope: Construct, id: string, props: BucketProps): Bucket {
  return new Bucket(scope, id, {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    removalPolicy: RemovalPolicy.RETAIN,
    ...props,
  });
}

/** The same with old versions for 30 days, and a log of every access in `logs`. */
export function versionedBucket(scope: Construct, id: string, logs: IBucket): Bucket {
  return privateBucket(scope, id, {
    versioned: true,
    serverAccessLogsBucket: logs,
    serverAccessLogsPrefix: `${id.toLowerCase()}/`,
    lifecycleRules: [
      { noncurrentVersionExpiration: Duration.days(30), abortIncompleteMultipartUploadAfter: Duration.days(2) },
    ],
  });
}

/** A log group that is deleted with its stack. CloudWatch Logs encrypts it at rest. */
export function logGroup(scope: Construct, id: string, settings: DeploymentSettings, name?: string): LogGroup {
  return new LogGroup(scope, id, {
    ...(name ? { logGroupName: name } : {}),
    // The enumeration's values are the days; the check of the settings accepts only those.
    retention: settings.logRetentionDays as RetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
