/** @module A local MLflow server as a child process: SQLite and a folder, one worker, no job runners. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TrackingInputError } from "./errors";
import { Mlflow } from "./mlflow";
import { connectionSettings } from "./settings";

export interface LocalServerOptions {
  /** Keeps `mlflow.db`, `artifacts/` and `server.log`. */
  readonly directory: string;
  /** A free one is chosen where absent or 0. */
  readonly port?: number;
  /** A Python that has the package `mlflow`. */
  readonly python: string;
  /** More for the command line, such as `["--app-name", "basic-auth"]`. */
  readonly extraArguments?: readonly string[];
  /** Replaces settings of the server, such as `MLFLOW_BACKEND_STORE_URI`. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long the start may take. */
  readonly timeoutMs?: number;
}

export interface LocalServer {
  readonly url: string;
  /** Process id, also of the process group of the server and its workers. */
  readonly pid: number;
  /** Ends the server and its workers; resolves when they are gone. */
  stop(): Promise<void>;
}

/**
 * Starts MLflow and waits until it answers. It ends with this process.
 * @throws {TrackingInputError} `MLFLOW_NOT_STARTED` with the last lines of the server's log
 */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const directory = resolve(options.directory);
  mkdirSync(join(directory, "artifacts"), { recursive: true });
  const port = options.port || (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const log = join(directory, "server.log");
  const output = openSync(log, "w");
  const child = spawn(options.python, ["-m", "mlflow", "server", ...(options.extraArguments ?? [])], {
    cwd: directory,
    detached: true,
    stdio: ["ignore", output, output],
    env: { ...withoutMlflowSettings(process.env), ...serverSettings(port), ...options.env },
  });
  closeSync(output);
  const stop = stopper(child);
  const ended = new Promise<string>((resolved) => {
    child.once("error", (error) => resolved(error.message));
    child.once("exit", (code) => resolved(`it ended with status ${code}`));
  });
  const client = new Mlflow({ ...connectionSettings(url, {}), timeoutMs: 5000 });
  const deadline = Date.now() + (options.timeoutMs ?? 120_000);
  let failure: string | undefined;
  void ended.then((reason) => {
    failure = reason;
  });
  try {
    while (!(await client.isHealthy())) {
      if (Date.now() > deadline) failure ??= "it did not answer in time";
      if (failure !== undefined) {
        await stop();
        const lines = readFileSync(log, "utf8").trim().split("\n").slice(-3).join(" | ");
        throw new TrackingInputError("MLFLOW_NOT_STARTED", `MLflow did not start: ${failure}. ${log}: ${lines}`);
      }
      await sleep(150);
    }
  } finally {
    client.close();
  }
  return { url, pid: child.pid ?? 0, stop };
}

/** The settings of `mlruns-config/local`, as variables that `mlflow server` reads; paths are relative to its directory. */
function serverSettings(port: number): Record<string, string> {
  return {
    MLFLOW_HOST: "127.0.0.1",
    MLFLOW_PORT: String(port),
    MLFLOW_WORKERS: "1",
    MLFLOW_BACKEND_STORE_URI: "sqlite:///mlflow.db",
    MLFLOW_ARTIFACTS_DESTINATION: "./artifacts",
    MLFLOW_SERVE_ARTIFACTS: "true",
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
    MLFLOW_DISABLE_TELEMETRY: "true",
    DO_NOT_TRACK: "true",
  };
}

/** This process's own tracking settings are for clients and must not reach a server. */
function withoutMlflowSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("MLFLOW_")));
}

/** Ends the child's whole process group: first asked, after five seconds by force. Also when this process exits. */
function stopper(child: ChildProcess): () => Promise<void> {
  const signalGroup = (signal: NodeJS.Signals) => {
    try {
      if (child.pid) process.kill(-child.pid, signal);
      return true;
    } catch {
      return false;
    }
  };
  const onExit = () => void signalGroup("SIGTERM");
  process.once("exit", onExit);
  return async () => {
    process.off("exit", onExit);
    signalGroup("SIGTERM");
    for (let waited = 0; waited < 5000; waited += 50) {
      if (!child.pid || !groupAlive(child.pid)) return;
      await sleep(50);
    }
    signalGroup("SIGKILL");
  };
}

function groupAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolved, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolved(typeof address === "object" && address ? address.port : 0));
    });
  });
}
