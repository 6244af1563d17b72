/** @module Stores that older versions of MLflow wrote, under the launcher of the local server. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { freePort, Mlflow, startLocalServer } from "../../src/tracking/index";
import { pythonPath, withoutPython } from "../support/python";
import { pythonPackages } from "../support/python-packages";
import { temporaryDirectory } from "../support/temporary-directory";

/** What the old versions import and the tools of the project do not have; all that they depend on is close to a gigabyte each. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "2.9.2": ["protobuf==4.25.9", "databricks-cli==0.18.0", "pytz==2023.4"],
  "3.0.0": [],
};

/** Runs a program with an old version's client on a store; returns the last line that it prints. */
function oldClient(version: string, store: string, program: string): string {
  // SQLAlchemy later took a class away that these versions import.
  const packages = [`mlflow==${version}`, "sqlalchemy==2.0.38", "setuptools==75.8.0", ...(PACKAGES[version] ?? [])];
  const code = `import mlflow
from mlflow.tracking import MlflowClient
client = MlflowClient("sqlite:///${store}")
${program}`;
  const { status, stdout, stderr } = spawnSync(pythonPath() as string, ["-c", code], {
    env: { ...process.env, PYTHONPATH: pythonPackages(`mlflow-${version}`, packages, { alone: true }) },
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return stdout.trim().split("\n").at(-1) as string;
}

const WRITE = `experiment = client.create_experiment("old", artifact_location="mlflow-artifacts:/old")
run = client.create_run(experiment, tags={"mlflow.runName": "first"}).info.run_id
client.log_param(run, "lr", "0.1")
for step in range(3): client.log_metric(run, "loss", 1 / (step + 1), step=step)
client.set_terminated(run)
print(run)`;

interface Started {
  readonly url: string;
  /** What it said until it was ready. */
  readonly said: readonly string[];
  stop(): Promise<void>;
}

/** Starts the server on a folder as `npm run mlflow` does. */
async function startScript(t: TestContext, directory: string): Promise<Started> {
  const port = String(await freePort());
  const script = join(projectRoot(), "scripts", "mlflow.mjs");
  const server = spawn(process.execPath, [script, "--port", port, "--directory", directory], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  t.after(() => server.kill("SIGKILL"));
  const said: string[] = [];
  for await (const line of createInterface(server.stderr)) {
    said.push(line);
    if (line.startsWith("MLflow is at")) break;
  }
  server.stderr.resume();
  const stop = async () => {
    server.kill("SIGTERM");
    await once(server, "exit");
  };
  return { url: `http://127.0.0.1:${port}`, said, stop };
}

/** Starts it as `histo start`, the tests and the benchmarks do. */
async function startModule(t: TestContext, directory: string): Promise<Started> {
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const server = await startLocalServer({ directory, python: pythonPath() as string, say, timeoutMs: 240_000 });
  t.after(server.stop);
  return { url: server.url, said, stop: server.stop };
}

for (const version of ["2.9.2", "3.0.0"]) {
  for (const start of [startScript, startModule]) {
    const name = `a store of MLflow ${version} is upgraded, read and kept as it was (${start.name})`;
    test(name, { skip: withoutPython() }, async (t) => {
      const directory = await temporaryDirectory(t);
      const run = oldClient(version, join(directory, "mlflow.db"), WRITE);
      const readsCopy = (copy: string) =>
        assert.equal(
          oldClient(version, join(directory, copy), `print(client.get_run("${run}").data.params["lr"])`),
          "0.1",
        );
      const server = await start(t, directory);
      const [, copy = ""] = /(\S+) is a copy of the old one/.exec(server.said.join("\n")) ?? [];
      assert.ok(copy, server.said.join("\n"));
      const client = new Mlflow(server.url);
      t.after(() => client.close());
      const found = await client.getRun(run);
      assert.equal(found.data.params.find(({ key }) => key === "lr")?.value, "0.1");
      assert.equal(found.data.metrics.find(({ key }) => key === "loss")?.value, 1 / 3);
      await server.stop();
      readsCopy(copy);

      const again = await start(t, directory);
      assert.ok(!again.said.some((line) => line.includes("brought to")), "the second start has nothing to upgrade");
      await again.stop();
      assert.ok(existsSync(join(directory, copy)));
    });
  }
}

test("a store that a backup of an older one replaced is upgraded again", { skip: withoutPython() }, async (t) => {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "mlflow.db");
  const run = oldClient("3.0.0", store, WRITE);
  const first = await readFile(store);
  oldClient("3.0.0", store, `client.set_tag("${run}", "later", "yes")`);
  const backup = await readFile(store);
  await writeFile(store, first);
  await (await startModule(t, directory)).stop();
  await writeFile(store, backup);
  const again = await startModule(t, directory);
  await again.stop();
  assert.match(again.said.join("\n"), /The store was upgraded to MLflow/);
  const copies = (await readdir(directory)).filter((name) => name.startsWith("mlflow.db.before-"));
  const tags = copies.map((copy) =>
    oldClient("3.0.0", join(directory, copy), `print(client.get_run("${run}").data.tags.get("later"))`),
  );
  assert.deepEqual(tags.sort(), ["None", "yes"], "each store that was upgraded has its copy");
});

test("an upgrade that was cut short leaves the copy as it is", { skip: withoutPython() }, async (t) => {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "mlflow.db");
  oldClient("3.0.0", store, WRITE);
  const first = await startModule(t, directory);
  await first.stop();
  const [, copy = ""] = /(\S+) is a copy of the old one/.exec(first.said.join("\n")) ?? [];
  const before = await readFile(join(directory, copy));
  await rm(`${store}.mlflow-version`);
  await (await startModule(t, directory)).stop();
  assert.deepEqual(await readFile(join(directory, copy)), before);
});
