/** @module Runs the deployment's SSM documents on its machines, one at a time: moves the servers to an image and a model, or back. */
import {
  DescribeInstanceInformationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { asError } from "../../../../src/errors/index";
import { recordedImages } from "./status";

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

/** Images of the server and of the machines' tools, each as `NAME/REPOSITORY@sha256:DIGEST`. */
interface ServerImages {
  readonly image: string;
  readonly tools: string;
}

/**
 * Starts the images, then has the servers use a released model, which may need the new image. A machine that fails goes back by
 * itself; what other machines have taken by then is taken back here.
 * @returns what the machines said
 * @throws {Error} with what failed, and with what the servers have gone back to
 */
export async function moveServers(name: string, images: ServerImages, model: string): Promise<string> {
  const before = await imagesBefore(name);
  let started = "";
  try {
    started = await runDocument(name, "deploy", { ...images });
    return `${started}\n${await runDocument(name, "model", { model })}`;
  } catch (error) {
    const { message } = asError(error);
    const undone: string[] = [];
    const goBackTo = async (what: string, document: HostDocument, parameters: Readonly<Record<string, string>>) => {
      const outcome = await runDocument(name, document, parameters).catch(asError);
      undone.push(outcome instanceof Error ? `Not back to ${what}: ${outcome.message}` : `Back to ${what}.`);
    };
    // The model first: the new image reads both models, the image before perhaps only its own.
    const modelBefore = modelBeforeIn(message, model);
    if (modelBefore) await goBackTo(`the model ${modelBefore}`, "model", { model: modelBefore });
    const isNewSomewhere = started !== "" || / Success$/m.test(message);
    if (isNewSomewhere && before && before.image !== images.image) {
      await goBackTo(before.image, "deploy", { ...before });
    }
    throw new Error([message, ...undone].join("\n"));
  }
}

/** The images that are recorded as running; undefined before there are some. */
async function imagesBefore(name: string): Promise<ServerImages | undefined> {
  const recorded = await recordedImages(name);
  // The documents take images without the registry.
  const [image, tools] = ["image", "tools"].map((key) => recorded[`/${name}/server/${key}`]?.replace(/^[^/]*\//, ""));
  return image && tools ? { image, tools } : undefined;
}

/** The model before, as `model.sh` has said it on some machine; undefined if that was the same one, or none. */
function modelBeforeIn(said: string, model: string): string | undefined {
  const names = [...said.matchAll(/^model before: releases\/(\S+)$/gm)].map(([, name]) => name);
  return names.find((name) => name !== model);
}
