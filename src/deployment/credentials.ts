/** @module Checks for AWS credentials before anything is installed or asked. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { HistoError } from "../errors/index";

/** Environment variables that give or name credentials; one is enough. */
const VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
] as const;

/** The metadata service that gives EC2 machines their credentials. It answers within milliseconds or not at all. */
const METADATA = "http://169.254.169.254/latest/api/token";
const METADATA_TIMEOUT_MS = 200;

/**
 * Requires one of the sources of credentials that AWS's tools use. Does not check whether AWS accepts them.
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
  if (environment.AWS_EC2_METADATA_DISABLED !== "true" && (await isOnEc2())) return;
  throw new HistoError(
    "AWS_CREDENTIALS_MISSING",
    "There are no AWS credentials here: run `aws configure` (or `aws sso login`), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
  );
}

async function isOnEc2(): Promise<boolean> {
  try {
    const headers = { "X-aws-ec2-metadata-token-ttl-seconds": "60" };
    const signal = AbortSignal.timeout(METADATA_TIMEOUT_MS);
    return (await fetch(METADATA, { method: "PUT", headers, signal })).ok;
  } catch {
    return false;
  }
}
