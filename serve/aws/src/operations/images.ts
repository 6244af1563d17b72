/** @module Images in the registry, and models for the servers. */
import { spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  DescribeImageScanFindingsCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  type ImageScanFindings,
  ScanNotFoundException,
} from "@aws-sdk/client-ecr";
import { GetObjectCommand, NoSuchKey, S3Client } from "@aws-sdk/client-s3";
import { ParameterAlreadyExists, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Upload } from "@aws-sdk/lib-storage";

const SCAN_MS = 300_000;
const POLL_MS = 3000;
const NOT_SCANNED_YET = ["unknown", "PENDING", "IN_PROGRESS"];

/** The account of the credentials in use. */
export async function account(): Promise<string> {
  const { Account = "" } = await new STSClient().send(new GetCallerIdentityCommand());
  return Account;
}

/** Signs docker in to the account's registry; the token goes through standard input, never onto a command line. */
export async function signIn(registry: string): Promise<void> {
  const { authorizationData = [] } = await new ECRClient().send(new GetAuthorizationTokenCommand());
  const token = Buffer.from(authorizationData[0]?.authorizationToken ?? "", "base64").toString();
  const [user = "", password = ""] = token.split(":");
  const docker = spawnSync("docker", ["login", "--username", user, "--password-stdin", registry], {
    input: password,
    encoding: "utf8",
  });
  if (docker.status !== 0) throw new Error(`docker login failed: ${docker.error?.message ?? docker.stderr}`);
}

/** Waits for the scan of a pushed image. @throws {Error} when it found a critical vulnerability, or has no outcome */
export async function checkScan(repositoryName: string, imageDigest: string): Promise<void> {
  const { findingSeverityCounts } = await outcomeOf(repositoryName, imageDigest);
  const critical = findingSeverityCounts?.CRITICAL ?? 0;
  if (critical > 0)
    throw new Error(
      `The scan of ${repositoryName}@${imageDigest} found critical vulnerabilities (${critical}); update the packages, then deploy again.`,
    );
}

/**
 * The findings of the first whole scan. The SDK's own waiter does not know enhanced scanning, which watches an image for good
 * (`ACTIVE`) and gives its status before there are findings.
 */
async function outcomeOf(repositoryName: string, imageDigest: string): Promise<ImageScanFindings> {
  const client = new ECRClient();
  const until = Date.now() + SCAN_MS;
  const question = new DescribeImageScanFindingsCommand({ repositoryName, imageId: { imageDigest } });
  for (;;) {
    const { imageScanStatus, imageScanFindings } = await client.send(question).catch((error: unknown) => {
      if (error instanceof ScanNotFoundException) return { imageScanStatus: undefined, imageScanFindings: undefined };
      throw error;
    });
    const { status = "unknown" } = imageScanStatus ?? {};
    const isScanned = status === "COMPLETE" || status === "ACTIVE";
    if (isScanned && imageScanFindings?.imageScanCompletedAt) return imageScanFindings;
    if ((!isScanned && !NOT_SCANNED_YET.includes(status)) || Date.now() > until)
      throw new Error(`The scan of ${repositoryName}@${imageDigest} has no outcome, its status is ${status}.`);
    await sleep(POLL_MS);
  }
}

/** Sets a parameter. @param options.replace whether to replace an existing value */
export async function putParameter(Name: string, Value: string, { replace = true } = {}): Promise<void> {
  try {
    await new SSMClient().send(new PutParameterCommand({ Name, Value, Type: "String", Overwrite: replace }));
  } catch (error) {
    if (replace || !(error instanceof ParameterAlreadyExists)) throw error;
  }
}

/**
 * Copies the files of a model directory to `bucket/prefix/`, `model.json` last, so that nothing uses an incomplete copy. Does
 * nothing if they are there.
 * @throws {Error} when another model is there: machines that have a release do not copy it again
 */
export async function uploadModel(directory: string, Bucket: string, prefix: string): Promise<number> {
  const client = new S3Client();
  const card = await readFile(join(directory, "model.json"), "utf8");
  const released = await cardOf(client, Bucket, prefix);
  if (released === card) return 0;
  if (released !== undefined)
    throw new Error(`There is another model in the release ${prefix}; choose another name with --release.`);
  const names = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isFile());
  const ordered = names.map(({ name }) => name).sort((a, b) => Number(a === "model.json") - Number(b === "model.json"));
  for (const name of ordered) {
    const Body = createReadStream(join(directory, name));
    await new Upload({ client, params: { Bucket, Key: `${prefix}/${name}`, Body } }).done();
  }
  return ordered.length;
}

/** The `model.json` of a release; undefined if there is none. */
async function cardOf(client: S3Client, Bucket: string, prefix: string): Promise<string | undefined> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: `${prefix}/model.json` }));
    return await Body?.transformToString();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}
