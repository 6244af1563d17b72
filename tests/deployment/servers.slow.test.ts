/** `histo deploy ec2`'s step for the servers, against a stand-in for SSM that runs the machines' own scripts. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { projectRoot } from "../../src/files/index";
import { makePlace, ServerMachine } from "../support/server-machine";
import { REGISTRY, Ssm } from "../support/ssm";
import { sharedDirectory } from "../support/temporary-directory";

const image = (version: number) => `histo/server@sha256:${version}`;
const tools = (version: number) => `histo/tools@sha256:${version}`;

const machines: ServerMachine[] = [];
let ssm: Ssm;
let environment: NodeJS.ProcessEnv;

before(async () => {
  const prepared = spawnSync(process.execPath, ["scripts/aws-package.mjs"], { cwd: projectRoot(), encoding: "utf8" });
  assert.equal(prepared.status, 0, prepared.stderr);
  const folder = sharedDirectory();
  const place = await makePlace(folder, ["one", "two", "three"]);
  for (const name of ["a", "b"]) machines.push(await ServerMachine.make(join(folder, name), place));
  ssm = new Ssm(machines);
  environment = {
    ...process.env,
    AWS_ENDPOINT_URL_SSM: await ssm.open(),
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
  };
});
after(() => ssm.close());

/** What the step says; records the images where it succeeds, as the steps after it do. */
async function move(version: number, model: string): Promise<string> {
  const operate = join(projectRoot(), "serve", "aws", "dist", "serve", "aws", "src", "operate.js");
  const record = () => {
    ssm.parameters.set("/histo/server/image", `${REGISTRY}/${image(version)}`);
    ssm.parameters.set("/histo/server/tools", `${REGISTRY}/${tools(version)}`);
  };
  // As `put-first` does before.
  if (ssm.parameters.size === 0) record();
  const args = [operate, "servers", "histo", image(version), tools(version), model];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: environment });
  record();
  return stdout;
}

const served = () => Promise.all(machines.map((machine) => machine.serves()));
const both = (version: number, model: string) => Array(2).fill(`${REGISTRY}/${image(version)} ${model}`);

test("the first image and the first model start together", async () => {
  await move(1, "one");
  assert.deepEqual(await served(), both(1, "one"));
});

test("a model that needs the new image gets it first", async () => {
  for (const machine of machines) await machine.refuse(`${REGISTRY}/${image(1)}`, "two");
  await move(2, "two");
  assert.deepEqual(await served(), both(2, "two"));
});

test("where the second machine does not take the model, both machines go back to model and image", async () => {
  await machines[1]?.refuse(`${REGISTRY}/${image(3)}`, "three");
  await assert.rejects(
    move(3, "three"),
    /did not take three.*Back to the model two\..*Back to histo\/server@sha256:2\./s,
  );
  assert.deepEqual(await served(), both(2, "two"));
});

test("where the second machine does not get ready with the image, the first one goes back too", async () => {
  await machines[1]?.refuse(`${REGISTRY}/${image(4)}`, "two");
  await assert.rejects(move(4, "two"), /not ready: .*sha256:4.*Back to histo\/server@sha256:2\./s);
  assert.deepEqual(await served(), both(2, "two"));
});
