/** @module The project's Python tools, as independent peers in tests. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../src/files/index";

/** The project's Python with scikit-learn and SciPy; undefined where the Python tools are not set up. */
export function pythonPath(): string | undefined {
  const path = join(projectRoot(), ".venv", "bin", "python");
  return existsSync(path) ? path : undefined;
}

/** For `test(name, { skip: withoutPython() }, ...)`: why the test cannot run here, or false. */
export function withoutPython(): string | false {
  return pythonPath() === undefined && "the project's Python tools are not set up (npm run setup)";
}

/** Runs a Python program on a JSON value and returns the JSON it prints. NaN is read as null. */
export function runPython<T>(program: string, input: unknown): T {
  const python = pythonPath();
  if (!python) throw new Error("The project's Python tools are not set up.");
  const { status, stdout, stderr } = spawnSync(python, ["-W", "ignore", "-c", program], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`Python failed: ${stderr}`);
  return JSON.parse(stdout.replace(/\bNaN\b/g, "null")) as T;
}
