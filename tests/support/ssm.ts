/** @module A stand-in for SSM whose documents are the scripts of {@link ServerMachine}s. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { ServerMachine } from "./server-machine";

/** The registry of the images that the machines are told to start. */
export const REGISTRY = "1.dkr.ecr.us-east-1.amazonaws.com";

interface Order {
  readonly DocumentName: string;
  readonly Targets: readonly { readonly Key: string; readonly Values: readonly string[] }[];
  readonly Parameters: Readonly<Record<string, readonly [string]>>;
}

/** Runs documents on machines, one after the other, and none after one that failed; holds parameters. */
export class Ssm {
  readonly parameters = new Map<string, string>();
  private readonly commands = new Map<string, { Status: string; CommandInvocations: object[] }>();
  private readonly server: Server = createServer(async (request, response) => {
    const action = String(request.headers["x-amz-target"]).replace("AmazonSSM.", "");
    const answer = await this.answer(action, JSON.parse(await text(request)));
    response.writeHead(200, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer));
  });

  /** @param machines `i-0`, `i-1` and so on, all with the tag of servers */
  constructor(private readonly machines: readonly ServerMachine[]) {}

  async open(): Promise<string> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(action: string, asked: Record<string, unknown>): Promise<object> {
    const known = this.commands.get(String(asked.CommandId));
    switch (action) {
      case "GetParameter":
        return { Parameter: { Value: this.parameters.get(String(asked.Name)) } };
      case "GetParametersByPath":
        return { Parameters: [...this.parameters].map(([Name, Value]) => ({ Name, Value })) };
      case "SendCommand":
        return { Command: { CommandId: await this.run(asked as unknown as Order) } };
      case "ListCommands":
        return { Commands: [{ Status: known?.Status }] };
      case "ListCommandInvocations":
        return { CommandInvocations: known?.CommandInvocations };
      default:
        return assert.fail(`${action} is not what deploying needs`);
    }
  }

  private async run({ DocumentName, Targets: [target], Parameters }: Order): Promise<string> {
    const [script, argument] =
      DocumentName === "histo-deploy"
        ? (["deploy.sh", `${REGISTRY}/${Parameters.image?.[0]}`] as const)
        : (["model.sh", String(Parameters.model?.[0])] as const);
    const CommandInvocations: object[] = [];
    let Status = "Success";
    for (const [i, machine] of this.machines.entries()) {
      if (target?.Key === "InstanceIds" && !target.Values.includes(`i-${i}`)) continue;
      const { ok, output } = await machine.run(script, argument);
      if (!ok) Status = "Failed";
      const CommandPlugins = [{ Output: output }];
      CommandInvocations.push({ InstanceId: `i-${i}`, Status: ok ? "Success" : "Failed", CommandPlugins });
      if (!ok) break;
    }
    const id = `command-${this.commands.size}`;
    this.commands.set(id, { Status, CommandInvocations });
    return id;
  }
}

/** AWS's command line, as far as `roll-out.sh` uses it: asks the stand-in, and prints what `--query` names, or all. */
const AWS = `#!/usr/bin/env node
const [, , , command, ...words] = process.argv;
const given = Object.fromEntries(words.flatMap((word, i) => (word.startsWith("--") ? [[word.slice(2), words[i + 1]]] : [])));
const pairs = (text) => text.split(/,(?=\\w+=)/).map((pair) => pair.split("="));
const target = given.targets && Object.fromEntries(pairs(given.targets));
const body = {
  Name: given.name,
  CommandId: given["command-id"],
  DocumentName: given["document-name"],
  Targets: target && [{ Key: target.Key, Values: target.Values.split(",") }],
  Parameters: given.parameters && Object.fromEntries(pairs(given.parameters).map(([key, value]) => [key, [value]])),
};
const action = command.replace(/(^|-)(\\w)/g, (_, dash, letter) => letter.toUpperCase());
const headers = { "x-amz-target": "AmazonSSM." + action };
fetch(process.env.AWS_ENDPOINT_URL_SSM, { method: "POST", headers, body: JSON.stringify(body) })
  .then((answer) => answer.json())
  .then((answer) => {
    const value = given.query?.split(/[.[\\]]+/).reduce((object, key) => object?.[key], answer) ?? (given.query ? undefined : answer);
    if (value === undefined) process.exit(254);
    console.log(typeof value === "string" ? value : JSON.stringify(value));
  });
`;

/** Writes {@link AWS} into a folder as `aws`. */
export async function writeAwsProgram(folder: string): Promise<void> {
  await writeFile(join(folder, "aws"), AWS);
  await chmod(join(folder, "aws"), 0o755);
}
