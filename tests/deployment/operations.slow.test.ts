import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { projectRoot } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

/** `histo deploy` against moto, which answers in place of AWS where it emulates the service. */
const root = projectRoot();
let moto: ChildProcess;
let endpoint = "";
let environment: NodeJS.ProcessEnv;

before(async () => {
  const port = await freePort();
  endpoint = `http://127.0.0.1:${port}`;
  environment = {
    ...process.env,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const prepared = spawnSync(process.execPath, ["scripts/aws-package.mjs"], { cwd: root, encoding: "utf8" });
  assert.equal(prepared.status, 0, prepared.stderr);
  moto = spawn(process.execPath, ["scripts/moto-server.mjs", String(port)], { cwd: root, stdio: "ignore" });
  for (let attempt = 0; ; attempt++) {
    if (
      await fetch(`${endpoint}/moto-api/data.json`).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      break;
    assert.ok(attempt < 600 && moto.exitCode === null, "moto did not start");
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
});

after(async () => {
  moto.kill("SIGTERM");
  if (moto.exitCode === null) await once(moto, "exit");
});

test("status tells stacks with their outputs, images and ringing alarms of this deployment only", async () => {
  await createStack("histo-lambda");
  for (const other of ["other-lambda", "histo-test-lambda", "histo-lambda-ec2", "histo-notes"])
    await createStack(other);
  for (const stack of ["histo-lambda", "histo-test-lambda", "histo-lambda-ec2"])
    await ringAlarm(`${stack}-Errors-AB12`);
  operate("put-first", "/histo/lambda/image", "registry/histo/lambda@sha256:1");
  operate("put-first", "/histo/lambda/image", "registry/histo/lambda@sha256:3");
  const [first] = Object.values((histo("deploy", "status", "--json") as { images: Record<string, string> }).images);
  assert.equal(first, "registry/histo/lambda@sha256:1");
  operate("put", "/histo/lambda/image", "registry/histo/lambda@sha256:2");
  const status = histo("deploy", "status", "--json") as {
    stacks: Record<string, { status: string; outputs: Record<string, string> }>;
    images: Record<string, string>;
    alarms: object;
  };
  assert.deepEqual(Object.keys(status.stacks), ["histo-lambda"]);
  assert.equal(status.stacks["histo-lambda"]?.status, "CREATE_COMPLETE");
  assert.equal(status.stacks["histo-lambda"]?.outputs.Url, "https://example.execute-api.us-east-1.amazonaws.com");
  assert.deepEqual(status.images, { "/histo/lambda/image": "registry/histo/lambda@sha256:2" });
  assert.deepEqual(Object.keys(status.alarms), ["histo-lambda-Errors-AB12"]);
  assert.equal(
    operate("output", "histo", "histo-lambda", "Url"),
    "https://example.execute-api.us-east-1.amazonaws.com",
  );
});

test("logs gives the function's lines of the last minutes; a missing group is said", async () => {
  const group = "/aws/lambda/histo-predict";
  await json("Logs_20140328.CreateLogGroup", { logGroupName: group });
  await json("Logs_20140328.CreateLogStream", { logGroupName: group, logStreamName: "one" });
  const logEvents = [90, 1].map((minutes) => ({ timestamp: Date.now() - 60_000 * minutes, message: `${minutes} ago` }));
  await json("Logs_20140328.PutLogEvents", { logGroupName: group, logStreamName: "one", logEvents });
  const { lines } = histo("deploy", "logs", "--json") as { lines: string[] };
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /^\d{4}-.*Z 1 ago$/);
  const missing = run("bin/histo.cjs", "deploy", "logs", "--part", "ec2");
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /There is no log group \/histo\/server/);
});

test("logs that are followed have the lines of other machines that arrive later", { timeout: 60_000 }, async (t) => {
  const group = "/histo/server";
  await json("Logs_20140328.CreateLogGroup", { logGroupName: group });
  const now = Date.now();
  const put = async (logStreamName: string, ago: number) => {
    await json("Logs_20140328.CreateLogStream", { logGroupName: group, logStreamName });
    const logEvents = [{ timestamp: now - ago, message: logStreamName }];
    await json("Logs_20140328.PutLogEvents", { logGroupName: group, logStreamName, logEvents });
  };
  await put("first", 1000);
  const program = "serve/aws/dist/serve/aws/src/operate.js";
  const child = spawn(process.execPath, [program, "logs", "histo", "ec2", "5", "follow"], {
    cwd: root,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line.split(" ").at(-1) as string);
    if (lines.length === 1) await put("later", 3000);
    if (lines.length === 2) await put("last", 500);
    if (lines.length === 3) break;
  }
  assert.deepEqual(lines, ["first", "later", "last"]);
});

test("logs gives more lines than a call of a function may have arguments", { timeout: 120_000 }, async () => {
  const [logGroupName, logStreamName, batch] = ["/histo/mlflow", "one", 10_000];
  await json("Logs_20140328.CreateLogGroup", { logGroupName });
  await json("Logs_20140328.CreateLogStream", { logGroupName, logStreamName });
  const timestamp = Date.now() - 60_000;
  const logEvents = Array.from({ length: batch }, () => ({ timestamp, message: "line" }));
  for (let i = 0; i < 15; i++) await json("Logs_20140328.PutLogEvents", { logGroupName, logStreamName, logEvents });
  assert.equal(operate("logs", "histo", "tracking", "5").split("\n").length, 15 * batch);
});

test("a model is uploaded whole, its card last, and never over another one", async (t) => {
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials: KEYS });
  assert.equal((await fetch(`${endpoint}/releases`, { method: "PUT" })).status, 200);
  const directory = await temporaryDirectory(t);
  for (const name of ["model.json", "model.onnx", "golden.png"]) await writeFile(join(directory, name), name);
  operate("upload", directory, "releases", "first");
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: "releases" }));
  assert.deepEqual(
    Contents.map(({ Key }) => Key),
    ["first/golden.png", "first/model.json", "first/model.onnx"],
  );
  operate("upload", directory, "releases", "first");
  await writeFile(join(directory, "model.json"), "another model");
  const again = run("serve/aws/dist/serve/aws/src/operate.js", "upload", directory, "releases", "first");
  assert.equal(again.status, 1);
  assert.match(again.stderr, /another model in the release first; choose another name with --release/);
});

test("waiting for the machines of a stack that is not there is refused at once", () => {
  const { status, stderr } = run(
    "serve/aws/dist/serve/aws/src/operate.js",
    "wait",
    "histo",
    "histo-none",
    "InstanceIds",
  );
  assert.equal(status, 1);
  assert.match(stderr, /The stack histo-none has no output/);
});

const KEYS = { accessKeyId: "test", secretAccessKey: "test" };

function run(...args: readonly string[]) {
  return spawnSync(process.execPath, args, { cwd: root, env: environment, encoding: "utf8", maxBuffer: 2 ** 26 });
}

function operate(...args: readonly string[]): string {
  const { status, stdout, stderr } = run("serve/aws/dist/serve/aws/src/operate.js", ...args);
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

function histo(...args: readonly string[]): object {
  const { status, stdout, stderr } = run("bin/histo.cjs", ...args);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as object;
}

/** A request of AWS's JSON protocol; moto checks no signature. */
async function json(target: string, body: object): Promise<void> {
  const headers = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": target,
    authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/logs/aws4_request",
  };
  const answer = await fetch(endpoint, { method: "POST", headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, await answer.text());
}

async function ringAlarm(AlarmName: string): Promise<void> {
  const metric = { MetricName: "Errors", Namespace: "Test", Period: "60", Statistic: "Sum" };
  const rule = { Threshold: "1", EvaluationPeriods: "1", ComparisonOperator: "GreaterThanThreshold" };
  for (const call of [
    { Action: "PutMetricAlarm", ...metric, ...rule },
    { Action: "SetAlarmState", StateValue: "ALARM", StateReason: "test" },
  ]) {
    const body = new URLSearchParams({ Version: "2010-08-01", AlarmName, ...call });
    const authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/monitoring/aws4_request";
    const answer = await fetch(endpoint, { method: "POST", headers: { authorization }, body });
    assert.ok(answer.ok, await answer.text());
  }
}

async function createStack(StackName: string): Promise<void> {
  const template = {
    Resources: { Topic: { Type: "AWS::SNS::Topic", Properties: { TopicName: StackName } } },
    Outputs: { Url: { Value: "https://example.execute-api.us-east-1.amazonaws.com" } },
  };
  const body = new URLSearchParams({
    Action: "CreateStack",
    Version: "2010-05-15",
    StackName,
    TemplateBody: JSON.stringify(template),
  });
  const headers = { authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cloudformation/aws4_request" };
  const answer = await fetch(endpoint, { method: "POST", headers, body });
  assert.ok(answer.ok, await answer.text());
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
