/** @module Runs one of the deployment's SSM documents on its machines, one at a time, and waits for the outcome. */
import {
  DescribeInstanceInformationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";

const UNDER_WAY = ["Pending", "InProgress", "Cancelling"];
const POLL_MS = 3000;
const BOOT_MS = 10 * 60_000;

/** The documents, each with the value of the tag `role` of its machines. */
const ROLE_OF = { deploy: "server", model: "server", mlflow: "mlflow" } as const;
export type HostDocument = keyof typeof ROLE_OF;

/** Waits until SSM reaches all these machines; a new one needs minutes. @throws {Error} when it does not within `patienceMs` */
export async function waitForMachines(ids: readonly string[], patienceMs = BOOT_MS): Promise<string> {
  const client = new SSMClient();
  const until = Date.now() + patienceMs;
  for (;;) {
    const { InstanceInformationList = [] } = await client.send(
      new DescribeInstanceInformationCommand({ Filters: [{ Key: "InstanceIds", Values: [...ids] }] }),
    );
    const there = InstanceInformationList.filter(({ PingStatus }) => PingStatus === "Online").map(
      (one) => one.InstanceId,
    );
    const missing = ids.filter((id) => !there.includes(id));
    if (missing.length === 0) return `machines online: ${ids.length}`;
    if (Date.now() > until)
      throw new Error(
        `SSM does not reach ${missing.join(", ")}; read the start log: aws ec2 get-console-output --instance-id ${missing[0]}.`,
      );
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Runs a document and waits for it. @throws {Error} with the machine's output when it failed, or when there is no machine */
export async function runDocument(
  name: string,
  document: HostDocument,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const client = new SSMClient();
  const { Command } = await client.send(
    new SendCommandCommand({
      DocumentName: `${name}-${document}`,
      Targets: [{ Key: "tag:role", Values: [`${name}-${ROLE_OF[document]}`] }],
      Parameters: Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, [value]])),
      MaxConcurrency: "1",
      MaxErrors: "0",
    }),
  );
  const CommandId = Command?.CommandId ?? "";
  let status = "Pending";
  while (UNDER_WAY.includes(status)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const { Commands = [] } = await client.send(new ListCommandsCommand({ CommandId }));
    status = Commands[0]?.Status ?? "Failed";
  }
  const { CommandInvocations = [] } = await client.send(
    new ListCommandInvocationsCommand({ CommandId, Details: true }),
  );
  const text = CommandInvocations.map(
    ({ InstanceId, Status, CommandPlugins }) => `${InstanceId} ${Status}\n${CommandPlugins?.[0]?.Output ?? ""}`,
  ).join("\n");
  if (status !== "Success" || CommandInvocations.length === 0) throw new Error(`${document}: ${status}\n${text}`);
  return text;
}
