/** @module Images in the registry, and models for the servers. */
import { spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  DescribeImageScanFindingsCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  waitUntilImageScanComplete,
} from "@aws-sdk/client-ecr";
import { GetObjectCommand, NoSuchKey, S3Client } from "@aws-sdk/client-s3";
import { ParameterAlreadyExists, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Upload } from "@aws-sdk/lib-storage";

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

/** Waits for the scan of a pushed image. @throws {Error} when it found a critical vulnerability */
export async function checkScan(repositoryName: string, imageDigest: string): Promise<void> {
  const client = new ECRClient();
  const image = { repositoryName, imageId: { imageDigest } };
  await waitUntilImageScanComplete({ client, maxWaitTime: 300 }, image);
  const { imageScanFindings } = await client.send(new DescribeImageScanFindingsCommand(image));
  const critical = imageScanFindings?.findingSeverityCounts?.CRITICAL ?? 0;
  if (critical > 0)
    throw new Error(
      `The scan of ${repositoryName}@${imageDigest} found critical vulnerabilities (${critical}); update the packages, then deploy again.`,
    );
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
