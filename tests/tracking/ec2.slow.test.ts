/**
 * @module `mlruns-config/ec2` for real, as far as one machine goes: the lines of its systemd unit with its settings file,
 * on PostgreSQL and an S3 stand-in; passwords, permissions and foreign host names; backup and restore as the page says.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { freePort, type LocalServer, Mlflow, startLocalServer, startRun } from "../../src/tracking/index";
import { readEnvFile } from "../support/env-file";
import { type Finished, histo } from "../support/histo";
import { readWithPython } from "../support/mlflow";
import { type ObjectStore, startObjectStore } from "../support/object-store";
import { type Postgres, postgresPrograms, startPostgres } from "../support/postgres";
import { pythonPath, withoutPython } from "../support/python";
import { pythonPackages } from "../support/python-packages";
import { sharedDirectory, temporaryDirectory } from "../support/temporary-directory";

const skip =
  withoutPython() || (postgresPrograms() ? false : "PostgreSQL is not installed (apt-get install postgresql)");
const folder = join(projectRoot(), "mlruns-config");
const unit = readFileSync(join(folder, "ec2", "mlflow.service"), "utf8");

/** The command of a line of the unit, with the project's Python in place of the machine's. */
function unitLine(name: string): string {
  const line = new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1] ?? "";
  assert.match(line, /\/opt\/mlflow\/bin\/mlflow/);
  return line.replaceAll("/opt/mlflow/bin/mlflow", `${pythonPath()} -m mlflow`);
}

/** The commands below "Backup and restore" of a section of the page: the backup, and after an empty line the restore. */
function backupLines(section: string): { backup: string[]; restore: string[] } {
  const page = readFileSync(join(folder, "README.md"), "utf8");
  const text = page.split(`\n## ${section}\n`)[1]?.split("\n## ")[0] ?? "";
  const block = /Backup and restore.*?```sh\n(.*?)```/s.exec(text)?.[1] ?? "";
  const [backup = "", restore = ""] = block.split("\n\n");
  const lines = (part: string) => part.split("\n").filter((line) => line !== "");
  return { backup: lines(backup), restore: lines(restore) };
}

describe("mlruns-config/ec2", { skip }, () => {
  const directory = sharedDirectory();
  const admin = { name: "admin", password: randomBytes(12).toString("hex") };
  const bob = { name: "bob", password: randomBytes(12).toString("hex") };
  const databasePassword = randomBytes(12).toString("hex");
  let postgres: Postgres;
  let store: ObjectStore;
  let server: LocalServer;
  let env: Record<string, string>;

  const urlAs = ({ name, password }: typeof admin) => server.url.replace("//", `//${name}:${password}@`);
  const start = () =>
    startLocalServer({
      directory: join(directory, "server"),
      python: pythonPath() ?? "",
      port: Number(env.MLFLOW_PORT),
      extraArguments: unitLine("ExecStart").split(" server ")[1]?.split(" ") ?? [],
      env,
      timeoutMs: 240_000,
    });

  before(async () => {
    postgres = await startPostgres(databasePassword);
    store = await startObjectStore();
    for (const bucket of ["runs", "backup"]) await store.makeBucket(bucket);
    for (const name of ["staging", "server", "backup"]) mkdirSync(join(directory, name));
    const authentication = readFileSync(join(folder, "ec2", "basic_auth.ini"), "utf8");
    writeFileSync(join(directory, "basic_auth.ini"), authentication.replace("/var/lib/mlflow", directory));
    const file = readEnvFile(join(folder, "ec2", "mlflow.env.example"));
    const port = String(await freePort());
    env = {
      ...file,
      MLFLOW_PORT: port,
      MLFLOW_WORKERS: "1",
      MLFLOW_BACKEND_STORE_URI: (file.MLFLOW_BACKEND_STORE_URI ?? "").replace(
        /PASSWORD@.*/,
        `${databasePassword}@127.0.0.1:${postgres.port}/mlflow`,
      ),
      MLFLOW_ARTIFACTS_DESTINATION: (file.MLFLOW_ARTIFACTS_DESTINATION ?? "").replace("BUCKET", "runs"),
      MLFLOW_SERVER_ALLOWED_HOSTS: (file.MLFLOW_SERVER_ALLOWED_HOSTS ?? "").replace(":5000", `:${port}`),
      MLFLOW_AUTH_CONFIG_PATH: join(directory, "basic_auth.ini"),
      MLFLOW_AUTH_ADMIN_PASSWORD: admin.password,
      MLFLOW_FLASK_SERVER_SECRET_KEY: randomBytes(32).toString("hex"),
      TMPDIR: join(directory, "staging"),
      // In place of the machine's role and of AWS.
      AWS_DEFAULT_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "user",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_EC2_METADATA_DISABLED: "true",
      MLFLOW_S3_ENDPOINT_URL: store.url,
      AWS_ENDPOINT_URL: store.url,
      // mlflow[auth] is mlflow and these.
      PYTHONPATH: pythonPackages("mlflow-auth", ["Flask-WTF==1.2.2", "WTForms==3.2.1"], { alone: true }),
    };
    const upgraded = shell(unitLine("ExecStartPre"));
    assert.equal(upgraded.status, 0, upgraded.stderr);
    server = await start();
  });
  after(async () => {
    await server?.stop();
    await store?.stop();
    postgres?.stop();
  });

  /** Runs a line with the settings of the unit. */
  function shell(line: string, more: Readonly<Record<string, string>> = {}): Finished {
    const { status, stdout, stderr } = spawnSync("/bin/sh", ["-ec", line], {
      cwd: join(directory, "backup"),
      env: { ...process.env, ...env, ...more },
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  }

  const options = (experiment: string, spoolDirectory: string, said: string[]) => ({
    experiment,
    spoolDirectory,
    systemMetrics: false as const,
    waitMs: 30_000,
    say: (line: string) => void said.push(line),
  });

  test("systemd accepts the unit", (context) => {
    const { error, stderr } = spawnSync("systemd-analyze", ["verify", join(folder, "ec2", "mlflow.service")], {
      encoding: "utf8",
    });
    if (error) return context.skip("systemd is not installed");
    const problems = stderr
      .split("\n")
      .filter((line) => line && !line.includes("/opt/mlflow/bin/mlflow is not executable"));
    assert.deepEqual(problems, []);
  });

  test("the health check needs no password; other host names are refused", async () => {
    assert.equal((await fetch(`${server.url}/health`)).status, 200);
    assert.equal(await statusFor(server.url, "evil.example.com"), 403);
    assert.equal(await statusFor(server.url, "mlflow.example.com"), 401);
  });

  test("without a password, or with a wrong one, everything is kept, said once, and sent later", async (context) => {
    const spool = join(await temporaryDirectory(context), "tracking");
    const said: string[] = [];
    const run = await startRun({ ...options("passwords", spool, said), trackingUri: server.url });
    for (let step = 0; step < 2000; step++) run.logMetric("loss", step / 7, step);
    await run.logText("content", "notes.txt");
    const report = await run.end();
    assert.deepEqual([report.complete, report.pending], [false, 2002]);
    assert.match(said[0] ?? "", /^Tracking stopped: .* 401.*Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD/);
    assert.equal(said.filter((line) => line.includes("answered with 401")).length, 1, said.join("\n"));
    for (const command of [["runs"], ["mlflow", "sync", spool]]) {
      for (const url of [server.url, urlAs({ ...admin, password: "wrong" })]) {
        const { status, stderr } = histo(...command, "--tracking-uri", url);
        assert.notEqual(status, 0);
        assert.match(stderr, /401/, stderr);
        assert.doesNotMatch(stderr, /at .*\.js:\d+|wrong/, "one clear line, no stack, no password");
      }
    }
    const sent = histo("mlflow", "sync", spool, "--tracking-uri", urlAs(admin));
    assert.equal(sent.status, 0, sent.stderr);
    assert.deepEqual(await stepsOf(urlAs(admin), "passwords"), [2000, 0, 1999]);
  });

  test("a user who may only read is told so, and nothing is lost", async (context) => {
    const answer = await fetch(`${server.url}/api/2.0/mlflow/users/create`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Basic ${Buffer.from(`${admin.name}:${admin.password}`).toString("base64")}`,
      },
      body: JSON.stringify({ username: bob.name, password: bob.password }),
    });
    assert.equal(answer.status, 200, await answer.text());
    const client = new Mlflow(urlAs(admin));
    await client.getOrCreateExperiment("permissions");
    client.close();
    const spool = join(await temporaryDirectory(context), "tracking");
    const said: string[] = [];
    const run = await startRun({ ...options("permissions", spool, said), trackingUri: urlAs(bob) });
    for (let step = 0; step < 100; step++) run.logMetric("loss", step / 7, step);
    const report = await run.end();
    assert.equal(report.complete, false);
    assert.match(said[0] ?? "", /^Tracking stopped: .* 403.*These credentials may not write there/);
    assert.equal(said.filter((line) => line.includes("answered with 403")).length, 1, said.join("\n"));
    const refused = histo("mlflow", "sync", spool, "--tracking-uri", urlAs(bob));
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /403/);
    const sent = histo("mlflow", "sync", spool, "--tracking-uri", urlAs(admin));
    assert.equal(sent.status, 0, sent.stderr);
    assert.deepEqual(await stepsOf(urlAs(admin), "permissions"), [100, 0, 99]);
    // In an experiment of one's own everything works.
    const own = await startRun({ ...options("bobs", `${spool}-own`, said), trackingUri: urlAs(bob) });
    await own.logText("content", "notes.txt");
    const { complete, problem } = await own.end();
    assert.ok(complete, problem);
  });

  test("backup and restore as the page says bring everything back", async () => {
    const client = new Mlflow(urlAs(admin));
    const run = await startRun({ ...options("backup", join(directory, "spool"), []), trackingUri: urlAs(admin) });
    run.logMetric("auc", 0.86, 3);
    const content = randomBytes(2_000_000).toString("hex");
    await run.logText(content, "model/model.txt");
    const { complete, problem, runId = "" } = await run.end();
    assert.ok(complete, problem);

    const { backup, restore } = backupLines("ec2");
    assert.ok(backup.length >= 3 && restore.length >= 4);
    for (const line of backup) await follow(line);
    await client.deleteRun(runId);
    client.close();
    execFileSync("/bin/sh", ["-c", "aws s3 rm --recursive s3://runs/mlflow"], {
      env: { ...process.env, ...awsEnvironment() },
    });
    for (const line of restore) await follow(line);

    const again = new Mlflow(urlAs(admin));
    const { info, data } = await again.getRun(runId);
    assert.deepEqual([info.lifecycle_stage, data.metrics[0]?.value], ["active", 0.86]);
    await again.downloadArtifacts(runId, join(directory, "back"));
    assert.equal(readFileSync(join(directory, "back", "model", "model.txt"), "utf8"), content);
    again.close();
  });

  /** Does a line of the page with this test's names and addresses. */
  async function follow(line: string): Promise<void> {
    if (line === "sudo systemctl stop mlflow") return server.stop();
    if (line === "sudo systemctl start mlflow") {
      server = await start();
      return;
    }
    const here = line
      .replace("sudo ", "")
      .replace("host=DATABASE", `host=127.0.0.1 port=${postgres.port}`)
      .replace("sslmode=verify-full sslrootcert=/etc/mlflow/rds-ca.pem", "sslmode=prefer")
      .replaceAll("BACKUP-BUCKET", "backup")
      .replaceAll("BUCKET", "runs")
      .replaceAll("/var/lib/mlflow", directory);
    const { status, stderr } = shell(here, { PGPASSWORD: databasePassword, ...awsEnvironment() });
    assert.equal(status, 0, `${line}: ${stderr}`);
  }

  /** The AWS command line from PyPI, as `aws`. */
  function awsEnvironment(): Record<string, string> {
    const packages = pythonPackages("awscli", ["awscli==1.45.11"]);
    const bin = join(directory, "bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "aws"), `#!/bin/sh\nexec ${pythonPath()} -m awscli "$@"\n`, { mode: 0o755 });
    return { ...env, PATH: `${bin}:${process.env.PATH}`, PYTHONPATH: packages };
  }
});

describe("mlruns-config/local", { skip: withoutPython() }, () => {
  test("backup and restore as the page says bring everything back", async (context) => {
    if (spawnSync("sqlite3", ["-version"]).error) return context.skip("sqlite3 is not installed");
    const directory = await temporaryDirectory(context);
    const place = { directory: join(directory, "mlruns"), python: pythonPath() ?? "", timeoutMs: 240_000 };
    const { backup, restore } = backupLines("local");
    let server = await startLocalServer(place);
    const run = await startRun({
      ...{ experiment: "backup", spoolDirectory: join(directory, "spool"), systemMetrics: false, waitMs: 30_000 },
      trackingUri: server.url,
    });
    await run.logText("content", "notes.txt");
    const { runId = "" } = await run.end();
    const follow = (lines: readonly string[]) => {
      for (const line of lines) execFileSync("/bin/sh", ["-ec", line], { cwd: directory });
    };
    follow(backup);
    await server.stop();
    rmSync(join(directory, "mlruns", "mlflow.db"));
    rmSync(join(directory, "mlruns", "artifacts"), { recursive: true });
    follow(restore);
    server = await startLocalServer(place);
    context.after(() => server.stop());
    const client = new Mlflow(server.url);
    assert.deepEqual(await client.downloadArtifacts(runId, join(directory, "back")), ["notes.txt"]);
    client.close();
  });
});

/** Number of points, first and last step of the only run of an experiment, by Python's client. */
function stepsOf(url: string, experiment: string): Promise<[number, number, number]> {
  return readWithPython(
    url,
    experiment,
    `
runs = client.search_runs([client.get_experiment_by_name(given).experiment_id])
assert len(runs) == 1, runs
steps = sorted(m.step for m in client.get_metric_history(runs[0].info.run_id, "loss"))
assert len(steps) == len(set(steps))
result = [len(steps), steps[0], steps[-1]]`,
  );
}

/** The status of a request with this host name. */
function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((done, failed) => {
    const sent = request(
      `${url}/api/2.0/mlflow/experiments/search`,
      { method: "POST", headers: { host, "content-type": "application/json" } },
      (answer) => {
        answer.resume();
        done(answer.statusCode);
      },
    );
    sent.on("error", failed);
    sent.end(JSON.stringify({ max_results: 1 }));
  });
}
