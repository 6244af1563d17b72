/** @module A real MLflow server for tests, and Python's own client to read back what was logged. */
import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, type TestContext } from "node:test";
import { projectRoot } from "../../src/files/index";
import { type LocalServer, type LocalServerOptions, Mlflow, startLocalServer } from "../../src/tracking/index";
import { pythonPath, withoutPython } from "./python";
import { sharedDirectory } from "./temporary-directory";

/** What tests with a server share: the server, a client of it, and a folder that goes with them. */
export interface MlflowFixture {
  readonly server: LocalServer;
  readonly client: Mlflow;
  readonly directory: string;
  close(): Promise<void>;
}

/** Starts the project's MLflow in a temporary folder. */
export async function startMlflow(options: Partial<LocalServerOptions> = {}): Promise<MlflowFixture> {
  const python = pythonPath();
  if (!python) throw new Error("The project's Python tools are not set up.");
  const directory = sharedDirectory();
  const server = await startLocalServer({
    python,
    timeoutMs: 240_000,
    directory: join(directory, "server"),
    ...options,
  });
  const client = new Mlflow(server.url);
  return {
    server,
    client,
    directory,
    async close() {
      client.close();
      await server.stop();
    },
  };
}

/** Groups of tests on one server, because its start takes seconds. Each gets a way to the fixture, which exists once tests run. */
export function withMlflow(...groups: readonly ((mlflow: () => MlflowFixture) => void)[]): void {
  describe("with an MLflow server", { skip: withoutPython() }, () => {
    let fixture: MlflowFixture;
    before(async () => {
      fixture = await startMlflow();
    });
    after(() => fixture?.close());
    for (const group of groups) group(() => fixture);
  });
}

/**
 * Runs a Python program with MLflow's own client set to the server; `given` is what it gets as the variable of this name,
 * and its variable `result` comes back.
 */
export async function readWithPython<T>(url: string, given: unknown, program: string): Promise<T> {
  const whole = `import json, math, os, sys, mlflow
from mlflow import MlflowClient
given = json.load(sys.stdin)
client = MlflowClient()
${program}
print(json.dumps(result))`;
  const child = spawn(pythonPath() ?? "python3", ["-W", "ignore", "-c", whole], {
    env: {
      ...process.env,
      MLFLOW_TRACKING_URI: url,
      MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: "false",
      DO_NOT_TRACK: "true",
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  child.stdin.end(JSON.stringify(given));
  const status = await new Promise<number | null>((done) => child.on("close", done));
  if (status !== 0) throw new Error(`Python failed: ${errors}`);
  return JSON.parse(output.trimEnd().split("\n").at(-1) ?? "") as T;
}

/** Points commands at a server for the rest of a test. */
export function useServer(context: TestContext, url: string): void {
  const before = process.env.MLFLOW_TRACKING_URI;
  process.env.MLFLOW_TRACKING_URI = url;
  context.after(() => {
    if (before === undefined) delete process.env.MLFLOW_TRACKING_URI;
    else process.env.MLFLOW_TRACKING_URI = before;
  });
}

/** The same for fetching a run. @returns where its files will be put; gone after the test */
export function fetchFrom(context: TestContext, url: string, runId: string): string {
  useServer(context, url);
  const fetched = join(projectRoot(), "runs", `mlflow-${runId}`);
  context.after(() => rm(fetched, { recursive: true, force: true }));
  return fetched;
}
