// `npm run mlflow`: the local MLflow server in the foreground, until Ctrl-C. Settings: mlruns-config/local/mlflow.env,
// replaced by variables of the environment and by `-- --port N` and `-- --directory DIR`.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { upgradeStore } from "./mlflow-store.mjs";
import { setupOrExit } from "./setup/index.mjs";
import { root, venvProgram } from "./setup/paths.mjs";

const { values } = parseArgs({ options: { port: { type: "string" }, directory: { type: "string" } } });
const directory = resolve(values.directory ?? join(root, "mlruns"));
const env = {
  ...readEnvFile(join(root, "mlruns-config", "local", "mlflow.env")),
  ...process.env,
  ...(values.port ? { MLFLOW_PORT: values.port } : {}),
};
const url = `http://${env.MLFLOW_HOST}:${env.MLFLOW_PORT}`;
if (!(await portIsFree(env.MLFLOW_HOST, Number(env.MLFLOW_PORT)))) {
  console.error(
    `Port ${env.MLFLOW_PORT} is taken (perhaps by MLflow already: ${url}). Choose another: npm run mlflow -- --port 5001`,
  );
  process.exit(2);
}
await setupOrExit();
mkdirSync(join(directory, "artifacts"), { recursive: true });
try {
  const done = upgradeStore(directory, env.MLFLOW_BACKEND_STORE_URI, venvProgram("python"));
  if (done) console.error(done);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
// A process group of its own, so that the workers end with the server.
const server = spawn(venvProgram("python"), ["-m", "mlflow", "server"], {
  cwd: directory,
  env,
  detached: true,
  stdio: "inherit",
});
let stopping = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop("SIGTERM"));
server.on("error", (error) => {
  console.error(`MLflow could not be started: ${error.message}`);
  process.exitCode = 1;
});
server.on("exit", (status) => {
  process.exitCode = stopping ? 0 : status || 1;
});
void announce();

function stop(signal) {
  stopping = true;
  try {
    process.kill(-server.pid, signal);
    setTimeout(stop, 5000, "SIGKILL").unref();
  } catch {
    // Gone already.
  }
}

async function announce() {
  while (server.exitCode === null && !stopping) {
    await new Promise((done) => setTimeout(done, 300));
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (!answer?.ok) continue;
    console.error(
      `MLflow is at ${url} (data in ${directory}). Point the project at it: export MLFLOW_TRACKING_URI=${url}`,
    );
    return;
  }
}

/** `NAME=value` lines; `#` begins a comment line. */
function readEnvFile(path) {
  const lines = readFileSync(path, "utf8").matchAll(/^([A-Z0-9_]+)=(.*)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value.trim()]));
}

function portIsFree(host, port) {
  return new Promise((done) => {
    const probe = createServer();
    probe.once("error", () => done(false));
    probe.listen(port, host, () => probe.close(() => done(true)));
  });
}
