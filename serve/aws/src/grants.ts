/** @module What roles may do, who may reach whom, and exceptions to the cdk-nag rules, each with its reason. */
import { type CfnElement, Stack, Validations } from "aws-cdk-lib";
import { type IVpc, SecurityGroup } from "aws-cdk-lib/aws-ec2";
import { type IRole, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { Construct, IConstruct } from "constructs";

/** Lets a role do `actions`. @param equals conditions that must hold, by key */
export function allow(
  role: IRole,
  actions: readonly string[],
  resources: readonly string[],
  equals?: Readonly<Record<string, string>>,
): void {
  const conditions = equals && { StringEquals: equals };
  role.addToPrincipalPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources], conditions }));
}

/** ARNs of parameters such as `/histo/server/image`. */
export function parameterArns(stack: Stack, ...names: readonly string[]): string[] {
  return names.map((name) => stack.formatArn({ service: "ssm", resource: "parameter", resourceName: name.slice(1) }));
}

/** A group that may reach nothing until a rule allows it. */
export function closedGroup(scope: Construct, id: string, vpc: IVpc, description: string): SecurityGroup {
  return new SecurityGroup(scope, id, { vpc, description, allowAllOutbound: false });
}

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
