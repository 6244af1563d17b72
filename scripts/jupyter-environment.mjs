// The environment in which Jupyter's programs find this project's kernel and keep their files inside the project.
import { delimiter, dirname, join } from "node:path";
import { root, setupFolder } from "./setup/paths.mjs";

/** Where Jupyter keeps settings, workspaces and connection files. */
export const jupyterFolder = join(setupFolder, "jupyter");

/** @returns {Record<string, string>} the variables of this process and Jupyter's own */
export function jupyterEnvironment() {
  const inside = (...parts) => join(jupyterFolder, ...parts);
  return {
    ...process.env,
    // The kernel's `node` is the one that runs this script.
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    JUPYTER_PATH: [join(root, "jupyter"), process.env.JUPYTER_PATH].filter(Boolean).join(delimiter),
    JUPYTER_CONFIG_PATH: [join(root, "jupyter", "config"), process.env.JUPYTER_CONFIG_PATH]
      .filter(Boolean)
      .join(delimiter),
    JUPYTER_CONFIG_DIR: inside("config"),
    JUPYTER_DATA_DIR: inside("data"),
    JUPYTER_RUNTIME_DIR: inside("runtime"),
    JUPYTERLAB_SETTINGS_DIR: inside("lab", "settings"),
    JUPYTERLAB_WORKSPACES_DIR: inside("lab", "workspaces"),
    IPYTHONDIR: inside("ipython"),
    MPLCONFIGDIR: inside("matplotlib"),
    // JupyterLab asks npm for the folders of language servers, and npm writes a log to its cache.
    NPM_CONFIG_CACHE: inside("npm"),
  };
}
