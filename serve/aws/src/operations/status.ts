/** @module What is deployed: stacks with their outputs, active alarms, running images, and the lines of its logs. */
import { CloudFormationClient, paginateDescribeStacks } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient, paginateDescribeAlarms } from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  paginateFilterLogEvents,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import { paginateGetParametersByPath, SSMClient } from "@aws-sdk/client-ssm";
import { REMOVAL_ORDER } from "../../../../src/deployment/plan";

export interface DeploymentStatus {
  readonly stacks: Readonly<Record<string, { readonly status: string; readonly outputs: Record<string, string> }>>;
  /** Active alarms by name; their description names the entry of the runbook. */
  readonly alarms: Readonly<Record<string, { readonly state: string; readonly description: string }>>;
  readonly images: Readonly<Record<string, string>>;
}

/** The stacks of a deployment and what they made; not those of another whose name begins with the same word. */
export async function deploymentStatus(name: string): Promise<DeploymentStatus> {
  const [stacks, alarms, images] = await Promise.all([stacksOf(name), alarmsOf(name), recordedImages(name)]);
  return { stacks, alarms, images };
}

function namesOf(name: string): string[] {
  return REMOVAL_ORDER.map((part) => `${name}-${part}`);
}

/** The stacks of a deployment by name, with their status and outputs. */
export async function stacksOf(name: string): Promise<DeploymentStatus["stacks"]> {
  const found: Record<string, { status: string; outputs: Record<string, string> }> = {};
  for await (const page of paginateDescribeStacks({ client: new CloudFormationClient() }, {})) {
    for (const { StackName = "", StackStatus = "", Outputs = [] } of page.Stacks ?? []) {
      if (!namesOf(name).includes(StackName)) continue;
      const outputs = Outputs.map(({ OutputKey = "", OutputValue = "" }): [string, string] => [OutputKey, OutputValue]);
      found[StackName] = { status: StackStatus, outputs: Object.fromEntries(outputs) };
    }
  }
  return found;
}

async function alarmsOf(name: string): Promise<DeploymentStatus["alarms"]> {
  const found: Record<string, { state: string; description: string }> = {};
  const query = { AlarmNamePrefix: `${name}-` };
  for await (const page of paginateDescribeAlarms({ client: new CloudWatchClient() }, query)) {
    for (const { AlarmName = "", StateValue = "", AlarmDescription = "" } of page.MetricAlarms ?? []) {
      // CloudFormation names an alarm after its stack: STACK-RESOURCE-SUFFIX.
      const [, stack = ""] = /^(.*)-[^-]+-[^-]+$/.exec(AlarmName) ?? [];
      if (StateValue === "ALARM" && namesOf(name).includes(stack))
        found[AlarmName] = { state: StateValue, description: AlarmDescription };
    }
  }
  return found;
}

/** The addresses of the images that are recorded as running, by the parameter that holds them. */
export async function recordedImages(name: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  const query = { Path: `/${name}/`, Recursive: true };
  for await (const page of paginateGetParametersByPath({ client: new SSMClient() }, query)) {
    for (const { Name = "", Value = "" } of page.Parameters ?? []) found[Name] = Value;
  }
  return found;
}

/** How much later than others an event may arrive, in milliseconds. */
const LATE_MS = 120_000;

export function logGroupOf(name: string, part: "lambda" | "ec2" | "tracking"): string {
  return { lambda: `/aws/lambda/${name}-predict`, ec2: `/${name}/server`, tracking: `/${name}/mlflow` }[part];
}

/**
 * Yields the lines of the last `minutes`, oldest first; with `follow` it continues until the process ends, also with lines
 * of other machines that arrive late.
 * @throws {Error} when the group does not exist
 */
export async function* logLines(
  group: string,
  { minutes, follow, now = Date.now() }: { minutes: number; follow: boolean; now?: number },
): AsyncGenerator<string> {
  const client = new CloudWatchLogsClient();
  let from = now - minutes * 60_000;
  const seen = new Map<string, number>();
  do {
    try {
      const query = { logGroupName: group, startTime: from };
      for await (const { events = [] } of paginateFilterLogEvents({ client }, query)) {
        for (const { eventId = "", timestamp = 0, message = "" } of events) {
          if (seen.has(eventId)) continue;
          seen.set(eventId, timestamp);
          from = Math.max(from, timestamp - LATE_MS);
          yield `${new Date(timestamp).toISOString()} ${message.trimEnd()}`;
        }
      }
    } catch (error) {
      if (error instanceof ResourceNotFoundException)
        throw new Error(`There is no log group ${group}: nothing is deployed there yet (histo deploy status).`);
      throw error;
    }
    for (const [id, timestamp] of seen) if (timestamp < from) seen.delete(id);
    if (follow) await new Promise((resolve) => setTimeout(resolve, 2000));
  } while (follow);
}
