/** @module Whether this machine has AWS credentials at all: without any, nothing needs to be installed or asked. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { HistoError } from "../errors/index";

/** Variables of which one is set where the environment gives or names credentials. */
const VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
] as const;

/** Where EC2 gives its machines credentials; it answers within milliseconds, or not at all. */
const METADATA = "http://169.254.169.254/latest/api/token";
const PATIENCE_MS = 200;

/**
 * Requires some source of credentials among those that AWS's own tools look at; whether they are right, AWS says.
 * @throws {HistoError} `AWS_CREDENTIALS_MISSING`
 */
export async function requireCredentials(environment: NodeJS.ProcessEnv = process.env): Promise<void> {
  if (VARIABLES.some((name) => environment[name])) return;
  const folder = join(environment.HOME ?? homedir(), ".aws");
  const files = [
    environment.AWS_SHARED_CREDENTIALS_FILE ?? join(folder, "credentials"),
    environment.AWS_CONFIG_FILE ?? join(folder, "config"),
  ];
  if (files.some((file) => existsSync(file))) return;
  if (environment.AWS_EC2_METADATA_DISABLED !== "true" && (await answers())) return;
  throw new HistoError(
    "AWS_CREDENTIALS_MISSING",
    "There are no AWS credentials here: run `aws configure` (or `aws sso login`), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
  );
}

async function answers(): Promise<boolean> {
  try {
    const headers = { "X-aws-ec2-metadata-token-ttl-seconds": "60" };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    return (await fetch(METADATA, { method: "PUT", headers, signal })).ok;
  } catch {
    return false;
  }
}
