/** @module Which S3 actions the programs use, recorded at a stand-in for S3: the roles of `serve/aws` allow these and no others. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { type ObjectStore, startObjectStore } from "../support/object-store";
import { tile, writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

const BUCKET = "images";
let store: ObjectStore;
let environment: NodeJS.ProcessEnv;

before(async () => {
  store = await startObjectStore();
  environment = {
    ...process.env,
    AWS_ENDPOINT_URL_S3: store.url,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
  };
  await store.makeBucket(BUCKET);
  const body = new Uint8Array(await tile(1));
  assert.ok((await fetch(`${store.url}/${BUCKET}/tiles/a.png`, { method: "PUT", body })).ok);
});

after(() => store?.stop());

/** S3 actions of the requests that the stand-in receives meanwhile. */
async function actionsOf(work: () => Promise<void>): Promise<string[]> {
  const recorder = `${store.url}/moto-api/recorder`;
  for (const step of ["reset-recording", "start-recording"]) await fetch(`${recorder}/${step}`, { method: "POST" });
  await work();
  await fetch(`${recorder}/stop-recording`, { method: "POST" });
  const lines = (await (await fetch(`${recorder}/download-recording`)).text()).split("\n").filter(Boolean);
  const requests = lines.map((line) => JSON.parse(line) as { method: string; url: string });
  return [...new Set(requests.map(({ method, url }) => actionOf(method, new URL(url))))].sort();
}

/** IAM's name of a request's action (Amazon S3, "Required permissions for Amazon S3 API operations"). */
function actionOf(method: string, { pathname }: URL): string {
  const key = pathname.split("/").slice(2).join("/");
  if (method === "GET") return key === "" ? "s3:ListBucket" : "s3:GetObject";
  if (method === "PUT" && key !== "") return "s3:PutObject";
  return assert.fail(`${method} ${pathname} is not in this test's table`);
}

async function recorded(program: string): Promise<readonly string[]> {
  const file = join(projectRoot(), "tests", "deployment", "recorded-actions.json");
  return (JSON.parse(await readFile(file, "utf8")) as Record<string, string[]>)[program] ?? [];
}

test("the server lists and reads tiles", async (t) => {
  const model = await writeModel(join(await temporaryDirectory(t), "model"));
  const argv = ["serve", "--model", model, "--images", `s3://${BUCKET}/tiles/`, "--port", "0", "--json", "--log-level"];
  const server = spawn(process.execPath, [join(projectRoot(), "bin", "histo.cjs"), ...argv, "silent"], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => server.kill("SIGKILL"));
  const [line] = (await once(createInterface(server.stdout), "line")) as [string];
  const { url } = JSON.parse(line) as { url: string };
  const predict = async (image_filename: string) => {
    const body = JSON.stringify({ image_filename });
    const headers = { "content-type": "application/json" };
    return (await fetch(`${url}/predict`, { method: "POST", headers, body })).status;
  };
  const actions = await actionsOf(async () => {
    assert.equal(await predict("a.png"), 200);
    assert.equal(await predict("A.tif"), 200, "the name is looked up in the listing");
    assert.equal(await predict("missing.png"), 404);
  });
  assert.deepEqual(actions, await recorded("server"));
});

test("a batch lists and reads tiles and writes its table", async (t) => {
  const model = await writeModel(join(await temporaryDirectory(t), "model"));
  const actions = await actionsOf(async () => {
    const batch = spawnSync(process.execPath, [join(projectRoot(), "dist", "serve", "server", "batch.js")], {
      env: {
        ...environment,
        HISTO_MODEL: model,
        HISTO_IMAGE_SOURCE: `s3://${BUCKET}/tiles/`,
        HISTO_PREDICTIONS: `s3://${BUCKET}/predictions/predictions.csv`,
      },
      encoding: "utf8",
    });
    assert.equal(batch.status, 0, batch.stderr);
  });
  assert.deepEqual(actions, await recorded("batch"));
});
