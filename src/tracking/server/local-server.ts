/** @module The local MLflow server as a child process, for `npm run mlflow`, `histo start`, tests and benchmarks. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasErrorCode } from "../../errors/index";
import { projectRoot } from "../../files/index";
import { TrackingInputError } from "../client/errors";
import { Mlflow } from "../client/mlflow";
import { connectionSettings } from "../client/settings";
import { noteVersion, upgradeStore } from "./store";

export interface LocalServerOptions {
  /** Folder for `mlflow.db`, `artifacts/` and `server.log`. */
  readonly directory: string;
  /** Default, or 0: a free one. */
  readonly port?: number;
  /** A Python with the package `mlflow`. */
  readonly python: string;
  /** Additional arguments, such as `["--app-name", "basic-auth"]`. */
  readonly extraArguments?: readonly string[];
  /** Overrides settings of the server, such as `MLFLOW_BACKEND_STORE_URI`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Most time for the start. */
  readonly timeoutMs?: number;
  /** Sends the server's output to standard error instead of `server.log`. */
  readonly foreground?: boolean;
  /** Receives a message if the store was upgraded. */
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface LocalServer {
  readonly url: string;
  /** Id of the process, and of the process group of the server and its workers. */
  readonly pid: number;
  /** Resolves with the reason when the server ends. */
  readonly ended: Promise<string>;
  /** Ends the server and its workers and waits for them. */
  stop(): Promise<void>;
}

/**
 * Starts MLflow and waits until it answers. It ends with this process. A store of another version of MLflow is first copied and
 * upgraded.
 * @throws {TrackingInputError} `MLFLOW_PORT_TAKEN`, `MLFLOW_STORE_NOT_UPGRADED`, or `MLFLOW_NOT_STARTED` with the last lines of
 * the server's log
 */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const { python, extraArguments = [], foreground = false, timeoutMs = 120_000, signal } = options;
  const directory = resolve(options.directory);
  mkdirSync(join(directory, "artifacts"), { recursive: true });
  const port = options.port || (await freePort());
  const settings = { ...localServerSettings(), ...options.env, MLFLOW_PORT: String(port) };
  const { MLFLOW_HOST: host, MLFLOW_BACKEND_STORE_URI: storeUri } = settings;
  const url = `http://${host}:${port}`;
  if (await staysTaken(host, port)) {
    const message = `Port ${port} is taken (perhaps by MLflow already: ${url}). Choose another with --port.`;
    throw new TrackingInputError("MLFLOW_PORT_TAKEN", message);
  }
  const isNewStore = await upgradeStore({ directory, storeUri, python, say: options.say });
  const log = join(directory, "server.log");
  const output = foreground ? 2 : openSync(log, "w");
  const child = spawn(python, ["-m", "mlflow", "server", ...extraArguments], {
    cwd: directory,
    detached: true,
    stdio: ["ignore", output, output],
    env: { ...withoutMlflowSettings(process.env), ...settings },
  });
  if (!foreground) closeSync(output);
  const stop = stopper(child);
  const ended = new Promise<string>((resolved) => {
    child.once("error", (error) => resolved(error.message));
    child.once("exit", (code, by) => resolved(by ? `it was ended by ${by}` : `it ended with status ${code}`));
  });
  const client = new Mlflow({ ...connectionSettings(url, {}), timeoutMs: 5000 });
  const deadline = Date.now() + timeoutMs;
  let failure: string | undefined;
  void ended.then((reason) => {
    failure = reason;
  });
  try {
    while (!(await client.isHealthy())) {
      if (Date.now() > deadline) failure ??= "it did not answer in time";
      if (failure !== undefined) {
        const lines = foreground ? "see above" : readFileSync(log, "utf8").trim().split("\n").slice(-3).join(" | ");
        const where = foreground ? "" : `${log}: `;
        throw new TrackingInputError("MLFLOW_NOT_STARTED", `MLflow did not start: ${failure}. ${where}${lines}`);
      }
      signal?.throwIfAborted();
      await sleep(150);
    }
    if (isNewStore) await noteVersion({ directory, storeUri, python });
  } catch (error) {
    await stop();
    throw error;
  } finally {
    client.close();
  }
  return { url, pid: child.pid ?? 0, ended, stop };
}

/** Removes this process's tracking settings, which are for clients, not for a server. */
function withoutMlflowSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("MLFLOW_")));
}

/** Ends the child's process group: with SIGTERM, after five seconds with SIGKILL. Also when this process exits. */
function stopper(child: ChildProcess): () => Promise<void> {
  const signalGroup = (signal: NodeJS.Signals | 0) => {
    try {
      if (child.pid) process.kill(-child.pid, signal);
      return child.pid !== undefined;
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
      if (!signalGroup(0)) return;
      await sleep(50);
    }
    signalGroup("SIGKILL");
  };
}

/** Without the file, MLflow's defaults apply. */
export interface LocalServerSettings {
  readonly MLFLOW_HOST: string;
  readonly MLFLOW_PORT: string;
  readonly MLFLOW_BACKEND_STORE_URI?: string;
}

/** Reads the settings file. Its relative paths start at the server's directory. */
export function localServerSettings(): LocalServerSettings {
  const path = join(projectRoot(), "mlruns-config", "local", "mlflow.env");
  const lines = existsSync(path) ? readFileSync(path, "utf8").matchAll(/^([A-Z0-9_]+)=(.*)$/gm) : [];
  const settings = Object.fromEntries([...lines].map(([, name = "", value = ""]) => [name, value.trim()]));
  return { MLFLOW_HOST: "127.0.0.1", MLFLOW_PORT: "5000", ...settings };
}

/** A free TCP port of 127.0.0.1. */
export async function freePort(): Promise<number> {
  return (await listenOnce("127.0.0.1", 0)).port;
}

/** Whether the port is still taken after a second. A server that was killed holds its port for some milliseconds more. */
async function staysTaken(host: string, port: number): Promise<boolean> {
  const deadline = Date.now() + 1000;
  while (await isTaken(host, port)) {
    if (Date.now() > deadline) return true;
    await sleep(50);
  }
  return false;
}

function isTaken(host: string, port: number): Promise<boolean> {
  return listenOnce(host, port).then(
    () => false,
    (error: unknown) => hasErrorCode(error, "EADDRINUSE"),
  );
}

function listenOnce(host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolved, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(port, host, () => {
      const address = probe.address() as AddressInfo;
      probe.close(() => resolved(address));
    });
  });
}
