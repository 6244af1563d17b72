// `npm run lab`: JupyterLab on the notebooks, with this project's kernel. Arguments go to JupyterLab, such as
// `npm run lab -- --port 9000`.
import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { jupyterEnvironment, jupyterFolder } from "./jupyter-environment.mjs";
import { setupOrExit } from "./setup/index.mjs";
import { root, setupFolder, venvProgram } from "./setup/paths.mjs";

await setupOrExit();
mkdirSync(join(jupyterFolder, "runtime"), { recursive: true });
mkdirSync(join(setupFolder, "logs"), { recursive: true });
const logPath = join(setupFolder, "logs", "jupyter.log");
const log = openSync(logPath, "w");

// As root (in a container), JupyterLab requires --allow-root.
const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];
const lab = spawn(
  venvProgram("jupyter-lab"),
  [
    "--no-browser",
    "--ServerApp.answer_yes=True",
    "--MultiKernelManager.default_kernel_name=histo",
    `--ServerApp.root_dir=${root}`,
    ...asRoot,
    ...process.argv.slice(2),
  ],
  { cwd: root, env: jupyterEnvironment(), stdio: ["ignore", log, log] },
);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => lab.kill("SIGTERM"));
let ended = false;
lab.on("error", (error) => {
  console.error(`JupyterLab could not be started: ${error.message}`);
  process.exit(1);
});
lab.on("exit", (status, signal) => {
  ended = true;
  if (status) console.error(`JupyterLab ended with status ${status}:\n${tail(logPath)}`);
  process.exit(status ?? (signal === "SIGTERM" ? 0 : 1));
});

const server = await started();
if (server) {
  console.log(`JupyterLab: ${server.url}lab/tree/notebooks?token=${server.token}`);
  console.log(`Press Ctrl-C to stop it. Log: ${logPath}`);
}

/** The file that JupyterLab writes when it listens; undefined if it ends before. */
async function started() {
  const notes = join(jupyterFolder, "runtime", `jpserver-${lab.pid}.json`);
  while (!ended) {
    try {
      return JSON.parse(readFileSync(notes, "utf8"));
    } catch {
      await sleep(100);
    }
  }
  return undefined;
}

function tail(path) {
  return readFileSync(path, "utf8").trimEnd().split("\n").slice(-15).join("\n");
}
