// Folders of the set-up. All of them are inside the project and can be deleted at any time.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[/\\]$/, "");
/** Stamps, logs, the native TensorFlow and tool caches. */
export const setupFolder = join(root, ".setup");
export const venv = join(root, ".venv");
/** A program of the project's virtual environment. */
export const venvProgram = (name) =>
  process.platform === "win32" ? join(venv, "Scripts", `${name}.exe`) : join(venv, "bin", name);
/** Folder of the native TensorFlow libraries; it has `nvidia/` next to `tensorflow/`, as in Python's site-packages. */
export const tensorflowFolder = join(setupFolder, "tensorflow");
