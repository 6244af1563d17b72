/** @module Jupyter's programs as they see this project's kernel, with their own files in a temporary folder. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { delimiter, dirname, join } from "node:path";
import { projectRoot } from "../../src/files/index";
import { pythonPath } from "./python";

/** The environment of Jupyter's programs; what they write about themselves goes to `folder`. */
function jupyterEnvironment(folder: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    JUPYTER_PATH: join(projectRoot(), "jupyter"),
    JUPYTER_CONFIG_DIR: join(folder, "config"),
    JUPYTER_DATA_DIR: join(folder, "data"),
    JUPYTER_RUNTIME_DIR: join(folder, "runtime"),
    IPYTHONDIR: join(folder, "ipython"),
  };
}

/** Runs the project's Python with the given arguments. */
export function jupyterPython(folder: string, ...argv: readonly string[]): SpawnSyncReturns<string> {
  const python = pythonPath();
  if (!python) throw new Error("The project's Python tools are not set up.");
  return spawnSync(python, ["-W", "ignore", ...argv], {
    encoding: "utf8",
    env: jupyterEnvironment(folder),
    cwd: folder,
  });
}
