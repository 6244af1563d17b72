import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { cp, readFile, stat, writeFile } from "node:fs/promises";
import { type ClientRequest, request } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { freePort, Mlflow } from "../../src/tracking/index";
import { containers, missingForContainers, podman } from "../support/containers";
import { histoJson } from "../support/histo";
import { writeTiles } from "../support/served-model";
import { sharedDirectory } from "../support/temporary-directory";

/** Points that a client logs in a request of the load. */
const BATCH = 20;
const PROJECT = `histo-test-${process.pid}`;

const missing = missingForContainers();

// mlruns-config as its README starts it; only the project's name and the port differ, so that other servers are left alone.
describe("MLflow's compose file: PostgreSQL, MinIO and MLflow in containers", { skip: missing ?? false }, () => {
  let folder = "";
  let file = "";
  let client: Mlflow;
  let run = "";

  const compose = (...args: string[]) => containers("compose", file, ...args);
  const container = (service: string) => `${PROJECT}_${service}_1`;

  before(async () => {
    folder = sharedDirectory();
    await cp(join(projectRoot(), "mlruns-config"), folder, { recursive: true });
    file = join(folder, "compose", "compose.yaml");
    const port = await freePort();
    const text = await readFile(file, "utf8");
    await writeFile(
      file,
      text.replace("name: mlflow", `name: ${PROJECT}`).replace("127.0.0.1:5000:", `127.0.0.1:${port}:`),
    );
    const passwords = ["POSTGRES_PASSWORD", "OBJECTS_PASSWORD"].map(
      (name) => `${name}=${randomBytes(12).toString("hex")}`,
    );
    await writeFile(join(folder, "compose", ".env"), ["OBJECTS_USER=mlflow", ...passwords, ""].join("\n"));
    const started = performance.now();
    await compose("up");
    console.log(`  MLflow's stack: healthy after ${seconds(started)} s`);
    client = new Mlflow(`http://127.0.0.1:${port}`);
    const experiment = await client.createExperiment("containers");
    run = (await client.createRun(experiment, "kept")).info.run_id;
  });
  after(async () => {
    client?.close();
    if (file) await compose("down", "--volumes").catch((error) => console.error(String(error)));
  });

  const points = async (key: string): Promise<number[]> => {
    const values: number[] = [];
    for (let token: string | undefined; ; ) {
      const page = await client.getMetricHistory(run, key, token, 1000);
      values.push(...page.metrics.map(({ step }) => step));
      token = page.next_page_token;
      if (!token) return values.sort((a, b) => a - b);
    }
  };
  const batch = (key: string, first: number) =>
    client.logBatch(
      run,
      Array.from({ length: BATCH }, (_, i) => ({ key, value: i, step: first + i, timestamp: Date.now() })),
    );
  /** Runs a shell command that sees the object store's volume as /data and this test's folder as /backup. */
  const withObjects = (command: string) => {
    const volumes = ["--volume", `${PROJECT}_objects:/data`, "--volume", `${folder}:/backup`];
    return podman("run", "--rm", ...volumes, "localhost/histo-stand-in/debian:1", "sh", "-c", command);
  };
  const artifactHash = async (name: string) => {
    const copy = join(folder, "copy");
    await client.downloadArtifact(run, name, copy);
    return createHash("sha256")
      .update(await readFile(copy))
      .digest("hex");
  };

  test("what was logged is there after the stack went down and came up again", async () => {
    const bytes = randomBytes(8 * 2 ** 20);
    await writeFile(join(folder, "model.bin"), bytes);
    await client.uploadArtifact(run, join(folder, "model.bin"), "model/model.bin");
    await batch("before", 0);
    await compose("down");
    await assert.rejects(client.getRun(run));
    const started = performance.now();
    await compose("up");
    console.log(`  up again: healthy after ${seconds(started)} s`);
    assert.equal((await points("before")).length, BATCH);
    assert.equal(await artifactHash("model/model.bin"), createHash("sha256").update(bytes).digest("hex"));
  });

  test("MLflow may write what it stages, and no other file", async () => {
    const write = ["exec", container("mlflow"), "sh", "-c", "touch staging/new && rm staging/new && touch new"];
    await assert.rejects(podman(...write), /'new': Read-only file system/);
  });

  test("a training on the command line logs to it: parameters, metrics of each epoch, and files that come back whole", async () => {
    process.env.MLFLOW_TRACKING_URI = client.trackingUri;
    const data = await writeTiles(join(folder, "tiles"), 60);
    const directory = join(folder, "run");
    const network = ["--hidden", "8", "--size", "32", "--epochs", "2"];
    const { test: measured } = histoJson<{ test: { rocAuc: number } }>(
      "train",
      "--data",
      data,
      ...network,
      "--run",
      directory,
    );
    const { experiment_id } = await client.getExperimentByName("histology");
    const { runs } = await client.searchRuns([experiment_id]);
    assert.equal(runs.length, 1);
    const [{ info, data: logged }] = runs as [(typeof runs)[number]];
    assert.equal(info.status, "FINISHED");
    const metric = logged.metrics?.find(({ key }) => key === "test/rocAuc");
    assert.equal(metric?.value, measured.rocAuc);
    const { metrics } = await client.getMetricHistory(info.run_id, "train/loss");
    assert.deepEqual(metrics.map(({ step }) => step).sort(), [1, 2]);
    await client.downloadArtifact(info.run_id, "history.jsonl", join(folder, "history.jsonl"));
    const [sent, kept] = await Promise.all(
      [folder, directory].map((at) => readFile(join(at, "history.jsonl"), "utf8")),
    );
    assert.equal(sent, kept);
  });

  for (const service of ["mlflow", "objects", "database"]) {
    test(`kill -9 of ${service} under load: nothing acknowledged is lost, and it comes back by itself`, async () => {
      const key = `under-${service}`;
      const acknowledged: number[] = [];
      const load = new AbortController();
      const loading = (async () => {
        for (let step = 0; !load.signal.aborted; step += BATCH) {
          const done = await batch(key, step).then(
            () => true,
            () => false,
          );
          if (done) acknowledged.push(...Array.from({ length: BATCH }, (_, i) => step + i));
        }
      })();
      while (acknowledged.length < 5 * BATCH) await new Promise((resolve) => setTimeout(resolve, 50));
      const staged = ["exec", container("mlflow"), "ls", "-A", "/home/mlflow/staging"];
      if (service === "mlflow") {
        const cut = upload(`${client.trackingUri}/api/2.0/mlflow-artifacts/artifacts/cut.bin`);
        while ((await podman(...staged)) === "") await new Promise((resolve) => setTimeout(resolve, 50));
        cut.on("error", () => undefined);
      }
      const pid = Number(await podman("inspect", "--format", "{{.State.Pid}}", container(service)));
      process.kill(pid, "SIGKILL");
      const killed = performance.now();
      const beforeKill = acknowledged.length;
      const answers = async () =>
        acknowledged.length > beforeKill && (await artifactHash("model/model.bin").then(Boolean, () => false));
      while (!(await answers())) {
        assert.ok(performance.now() - killed < 180_000, "not back after 180 s");
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      console.log(`  kill -9 of ${service}: everything answered again after ${seconds(killed)} s`);
      if (service === "mlflow") assert.equal(await podman(...staged), "", "what the killed server had staged");
      load.abort();
      await loading;
      const kept = new Set(await points(key));
      assert.deepEqual(
        acknowledged.filter((step) => !kept.has(step)),
        [],
      );
    });
  }

  test("backup and restore as mlruns-config/README.md says", async () => {
    const started = performance.now();
    await podman("exec", container("database"), "sh", "-c", "pg_dump -U mlflow -Fc mlflow > /tmp/mlflow.dump");
    await withObjects("tar czf /backup/objects.tgz -C /data .");
    const dumped = await podman("exec", container("database"), "stat", "--format", "%s", "/tmp/mlflow.dump");
    const { size } = await stat(join(folder, "objects.tgz"));
    console.log(`  backup: ${seconds(started)} s; database ${dumped} bytes, objects ${size} bytes`);
    await client.deleteRun(run);
    assert.equal((await client.getRun(run)).info.lifecycle_stage, "deleted");
    // As if a newer MLflow had upgraded the database in the meantime.
    const table = "CREATE TABLE newer (id int PRIMARY KEY, run varchar(32) REFERENCES runs (run_uuid))";
    await podman("exec", container("database"), "psql", "-U", "mlflow", "-d", "mlflow", "-c", table);
    const restoring = performance.now();
    await podman("stop", container("mlflow"));
    await podman(
      "exec",
      container("database"),
      "sh",
      "-c",
      "dropdb -U mlflow --force mlflow && createdb -U mlflow mlflow && pg_restore -U mlflow -d mlflow /tmp/mlflow.dump",
    );
    await podman("stop", container("objects"));
    await withObjects("rm -rf /data/mlflow && tar xzf /backup/objects.tgz -C /data");
    await compose("up");
    console.log(`  restore: ${seconds(restoring)} s`);
    assert.equal((await client.getRun(run)).info.lifecycle_stage, "active");
    assert.equal((await points("before")).length, BATCH);
    assert.equal((await artifactHash("model/model.bin")).length, 64);
  });
});

/** Begins an upload that does not end. */
function upload(url: string): ClientRequest {
  const begun = request(url, { method: "PUT", headers: { "content-length": 2 ** 26 } });
  begun.write(randomBytes(2 ** 23));
  return begun;
}

const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1);
