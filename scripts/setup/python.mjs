// Step: JupyterLab, papermill and the MLflow server, in a virtual environment inside the project.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setupFolder, venv, venvProgram } from "./paths.mjs";
import { probe, run, SetupError } from "./shell.mjs";

/** Installs the pinned requirements many times faster than pip, which is the fallback. */
const UV = "uv==0.13.9";
const ADVICE =
  "Install Python 3.10 or newer with venv: see environment.md (Debian: apt-get install python3 python3-venv).";

/** The first Python 3.10 or newer on the PATH. @returns {Promise<string>} its command */
export async function findPython() {
  const check = "import sys; sys.exit(sys.version_info < (3, 10))";
  for (const command of ["python3", "python", "python3.13", "python3.12", "python3.11", "python3.10"]) {
    if ((await probe(command, "-c", check)) !== undefined) return command;
  }
  throw new SetupError("No Python 3.10 or newer was found.", ADVICE);
}

export const python = {
  name: "python",
  label: "Python tools",
  inputs: ["requirements.txt"],
  values: [UV],
  outputs: [venvProgram("python"), venvProgram("mlflow"), venvProgram("papermill")],
  async install() {
    const interpreter = await findPython();
    rmSync(venv, { recursive: true, force: true });
    await run("python", interpreter, ["-m", "venv", venv]).catch((error) => {
      throw new SetupError(error.message, ADVICE, error.log);
    });
    const env = {
      ...process.env,
      PIP_CACHE_DIR: join(setupFolder, "pip-cache"),
      UV_CACHE_DIR: join(setupFolder, "uv-cache"),
      UV_SYSTEM_CERTS: "1",
      UV_NO_CONFIG: "1",
    };
    const requirements = ["-r", "requirements.txt"];
    const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"];
    try {
      await run("python", venvProgram("python"), [...pip, UV], { env });
      const target = ["--python", venvProgram("python")];
      await run("python", venvProgram("uv"), ["pip", "install", ...target, ...requirements], { env });
    } catch {
      await run("python", venvProgram("python"), [...pip, ...requirements], { env });
    }
  },
};

/** Many containers forbid Python to keep compiled modules, so that every process compiles them again. This allows it. */
const KEEP = `
import pathlib, sysconfig
folder = pathlib.Path(sysconfig.get_path("purelib"))
(folder / "keep-bytecode.pth").write_text("import sys; sys.dont_write_bytecode = False\\n")`;

export const bytecode = {
  name: "bytecode",
  label: "Python's compiled modules",
  needs: ["python"],
  inputs: [],
  outputs: [],
  async install() {
    await run("bytecode", venvProgram("python"), ["-c", KEEP]);
  },
};
