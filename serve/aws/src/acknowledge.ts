/** @module Exceptions to the cdk-nag rules, each with its reason. */
import type { CfnElement } from "aws-cdk-lib";
import { Stack, Validations } from "aws-cdk-lib";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { IConstruct } from "constructs";

/** Accepts one finding (`RuleId` or `RuleId[Finding]`) for a construct and its children. */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions::AwsSolutions-${id}`, reason });
}

/** Accepts that a role may act on every object of a bucket below `prefix`. */
export function acknowledgeObjects(role: IConstruct, bucket: IBucket, prefix: string, reason: string): void {
  const owner = Stack.of(bucket);
  const here = owner === Stack.of(role);
  const name = here
    ? `<${owner.getLogicalId(bucket.node.defaultChild as CfnElement)}.Arn>`
    : (owner.resolve(owner.exportValue(bucket.bucketArn)) as { "Fn::ImportValue": string })["Fn::ImportValue"];
  acknowledge(role, `IAM5[Resource::${name}/${prefix}*]`, reason);
}
