/** @module What roles may do, and who may reach whom. */
import type { Stack } from "aws-cdk-lib";
import { type IVpc, SecurityGroup } from "aws-cdk-lib/aws-ec2";
import { type IRole, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";

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
