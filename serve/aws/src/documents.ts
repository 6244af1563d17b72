/** @module SSM documents: the only commands that a deployment may run on its machines. */
import { CfnDocument } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";

export interface DocumentParameter {
  readonly description: string;
  /** Regular expression for the value, which becomes part of a shell command. */
  readonly allowedPattern: string;
}

/** An image of one of the deployment's repositories, by digest and without the registry. */
export function imageByDigest(name: string, repository: string): DocumentParameter {
  return { description: `${repository} image`, allowedPattern: `^${name}/${repository}@sha256:[a-f0-9]{64}$` };
}

/** Creates a document. It waits until a new machine has run its start script, then runs the commands until one fails. */
export function hostDocument(
  scope: Construct,
  name: string,
  {
    description,
    parameters,
    commands,
  }: {
    readonly description: string;
    readonly parameters: Readonly<Record<string, DocumentParameter>>;
    readonly commands: readonly string[];
  },
): CfnDocument {
  const runCommand = ["set -eu", "cloud-init status --wait >/dev/null || true", ...commands];
  const typed = Object.entries(parameters).map(([key, parameter]) => [key, { type: "String", ...parameter }]);
  return new CfnDocument(scope, `Document-${name}`, {
    name,
    documentType: "Command",
    updateMethod: "NewVersion",
    content: {
      schemaVersion: "2.2",
      description,
      parameters: Object.fromEntries(typed),
      mainSteps: [{ action: "aws:runShellScript", name: "run", inputs: { timeoutSeconds: "900", runCommand } }],
    },
  });
}
