/** @module MLflow on PostgreSQL and an S3 stand-in, with the settings of `mlruns-config/compose`. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import type { MultipartState } from "../../src/tracking/client/upload";
import { connectionSettings, Mlflow, startRun } from "../../src/tracking/index";
import { readEnvFile } from "../support/env-file";
import { Gateway } from "../support/gateway";
import { type MlflowFixture, startMlflow } from "../support/mlflow";
import { type ObjectStore, startObjectStore } from "../support/object-store";
import { type Postgres, postgresPrograms, startPostgres } from "../support/postgres";
import { withoutPython } from "../support/python";
import { temporaryDirectory } from "../support/temporary-directory";

const skip =
  withoutPython() || (postgresPrograms() ? false : "PostgreSQL is not installed (apt-get install postgresql)");

describe("with PostgreSQL and an object store", { skip }, () => {
  let postgres: Postgres;
  let store: ObjectStore;
  /** Between everybody and the store, so that it can be counted and cut. */
  let gateway: Gateway;
  let mlflow: MlflowFixture;
  let client: Mlflow;

  before(async () => {
    const password = randomBytes(12).toString("hex");
    postgres = await startPostgres(password);
    store = await startObjectStore();
    gateway = await new Gateway(store.url).open();
    await store.makeBucket("mlflow");
    const {
      MLFLOW_HOST: _,
      MLFLOW_PORT: __,
      ...settings
    } = readEnvFile(join(projectRoot(), "mlruns-config", "compose", "mlflow.env"), {
      POSTGRES_PASSWORD: password,
      OBJECTS_USER: "user",
      OBJECTS_PASSWORD: "secret",
    });
    mlflow = await startMlflow({
      env: {
        ...settings,
        MLFLOW_BACKEND_STORE_URI: (settings.MLFLOW_BACKEND_STORE_URI ?? "").replace(
          "database:5432",
          `127.0.0.1:${postgres.port}`,
        ),
        MLFLOW_S3_ENDPOINT_URL: gateway.url,
      },
    });
    const parts = { multipartMinimumBytes: 12_000_000, multipartPartBytes: 5 * 2 ** 20, maxRetries: 0 };
    client = new Mlflow({ ...connectionSettings(mlflow.server.url, {}), ...parts });
  });
  after(async () => {
    client?.close();
    await mlflow?.close();
    await gateway?.close();
    await store?.stop();
    postgres?.stop();
  });

  const newRun = async () => {
    const { experiment_id } = await client.getOrCreateExperiment("object-store");
    return (await client.createRun(experiment_id)).info.run_id;
  };
  const partsSent = () => gateway.requests.filter((request) => request.startsWith("PUT /mlflow/")).length;

  test("a whole run is logged and comes back", async (context) => {
    const directory = await temporaryDirectory(context);
    const run = await startRun({
      experiment: "postgres",
      runName: "long ".repeat(100),
      trackingUri: mlflow.server.url,
      spoolDirectory: join(directory, "spool"),
      systemMetrics: false,
      waitMs: 60_000,
    });
    for (let step = 0; step < 2500; step++) run.logMetric("loss", step === 1 ? Number.NaN : 1 / (step + 1), step);
    run.logParams({ hidden: [1, 2], "with NUL": "a\0b" });
    run.setTag("with NUL", "a\0b");
    await run.logText("content", "notes/a.txt");
    const report = await run.end();
    assert.deepEqual([report.complete, report.rejected], [true, 0], report.problem);
    const { metrics } = await client.getMetricHistory(run.runId ?? "", "loss");
    assert.equal(metrics.length, 2500);
    assert.ok(Number.isNaN(metrics.find(({ step }) => step === 1)?.value));
    const fetched = await client.downloadArtifacts(run.runId ?? "", join(directory, "back"));
    assert.deepEqual(fetched, ["notes/a.txt"]);
    assert.equal(await readFile(join(directory, "back", "notes", "a.txt"), "utf8"), "content");
  });

  test("a large file goes to the store in parts, is taken up again after a cut, and comes back the same", async (context) => {
    const directory = await temporaryDirectory(context);
    const bytes = randomBytes(23_000_000);
    const path = join(directory, "model.onnx.data");
    await writeFile(path, bytes);
    const runId = await newRun();
    let kept: MultipartState | undefined;
    const memory = {
      load: async () => kept && (JSON.parse(JSON.stringify(kept)) as MultipartState),
      save: async (state: MultipartState | undefined) => {
        kept = state && (JSON.parse(JSON.stringify(state)) as MultipartState);
      },
    };
    const before = partsSent();
    gateway.cutUploadAfter = 3_000_000;
    await assert.rejects(client.uploadArtifact(runId, path, "model/model.onnx.data", { memory }));
    const have = kept?.parts.filter(({ etag }) => etag).length ?? 0;
    assert.equal(kept?.parts.length, 5);
    const between = partsSent();
    const uploaded = await client.uploadArtifact(runId, path, "model/model.onnx.data", { memory });
    assert.equal(uploaded.size, bytes.length);
    assert.equal(partsSent() - between, 5 - have, "parts that had arrived are not sent again");
    assert.ok(between > before);
    assert.equal(kept, undefined);
    const target = join(directory, "back");
    await client.downloadArtifact(runId, "model/model.onnx.data", target, uploaded);
    assert.ok(bytes.equals(await readFile(target)));
  });

  test("where the store no longer takes the signed addresses, the server passes the file on", async (context) => {
    const directory = await temporaryDirectory(context);
    const bytes = randomBytes(13_000_000);
    await writeFile(join(directory, "model.bin"), bytes);
    const part = 5 * 2 ** 20;
    let taken = 0;
    // On a slow line, addresses expire before the last part is sent. The server's own parts have another size.
    gateway.instead = (name, length) => {
      if (!name.startsWith("PUT /mlflow/") || length !== part || taken++ === 0) return undefined;
      return { status: 403, body: "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>" };
    };
    context.after(() => {
      gateway.instead = () => undefined;
    });
    const runId = await newRun();
    const { sha256 } = await client.uploadArtifact(runId, join(directory, "model.bin"), "model.bin");
    assert.equal(taken, 2);
    await client.downloadArtifact(runId, "model.bin", join(directory, "back"), { sha256 });
    assert.ok(bytes.equals(await readFile(join(directory, "back"))));
  });

  test("where the store cannot be reached from here, the server passes the file on", async (context) => {
    const directory = await temporaryDirectory(context);
    const bytes = randomBytes(13_000_000);
    await writeFile(join(directory, "model.bin"), bytes);
    const runId = await newRun();
    let kept: MultipartState | undefined;
    // As with compose, whose store has a name that only its containers know.
    const memory = {
      load: async () => undefined,
      save: async (state: MultipartState | undefined) => {
        kept = state;
        for (const part of state?.parts ?? [])
          Object.assign(part, { url: part.url.replace(gateway.url, "http://127.0.0.1:1") });
      },
    };
    const { sha256 } = await client.uploadArtifact(runId, join(directory, "model.bin"), "model.bin", { memory });
    assert.equal(kept, undefined);
    await client.downloadArtifact(runId, "model.bin", join(directory, "back"), { sha256 });
    assert.ok(bytes.equals(await readFile(join(directory, "back"))));
  });
});
