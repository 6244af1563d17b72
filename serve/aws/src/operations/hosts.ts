/** @module Runs one of the deployment's SSM documents on its servers, one machine at a time, and waits for the outcome. */
import { ListCommandInvocationsCommand, ListCommandsCommand, SendCommandCommand, SSMClient } from "@aws-sdk/client-ssm";

const UNDER_WAY = ["Pending", "InProgress", "Cancelling"];

/** @throws {Error} with the machine's output where it failed, or where no machine is there */
export async function runDocument(
  name: string,
  document: "deploy" | "model",
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const client = new SSMClient();
  const { Command } = await client.send(
    new SendCommandCommand({
      DocumentName: `${name}-${document}`,
      Targets: [{ Key: "tag:role", Values: [`${name}-server`] }],
      Parameters: Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, [value]])),
      MaxConcurrency: "1",
      MaxErrors: "0",
    }),
  );
  const CommandId = Command?.CommandId ?? "";
  let status = "Pending";
  while (UNDER_WAY.includes(status)) {
    await new Promise((resolve) => setTimeout(resolve, 3000));
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
