/** @module Python packages of the peers, installed when first needed, separate from the project's own tools. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { HistoError, messageOf } from "../src/errors/index";
import { projectRoot, sha256, writeFolderAtomically } from "../src/files/index";
import { mustKeepToLimit } from "./instructions";

const run = promisify(execFile);

/**
 * A Python with the given packages, in a virtual environment under `.setup/peers` (created on the first call), or the one
 * that `HISTO_PEER_PYTHON` names.
 * @param packages requirements for pip
 * @param options further options for pip, such as another index
 * @throws {HistoError} `PEER_MISSING` when they cannot be installed
 */
export async function peerPython(packages: readonly string[], options: readonly string[] = []): Promise<string> {
  const given = process.env.HISTO_PEER_PYTHON;
  if (given) return withPackages(given, packages);
  const folder = join(projectRoot(), ".setup", "peers", sha256([...packages, ...options].join(" ")).slice(0, 12));
  const python = join(folder, "bin", "python");
  if (existsSync(python)) return python;
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "20"];
  try {
    await writeFolderAtomically(folder, async (unfinished) => {
      await run("python3", ["-m", "venv", unfinished]);
      await run(join(unfinished, "bin", "python"), [...pip, ...options, ...packages]);
    });
    return python;
  } catch (error) {
    if (existsSync(python)) return python;
    throw new HistoError("PEER_MISSING", `${packages.join(" ")} cannot be installed: ${lastLine(messageOf(error))}`, {
      cause: error,
    });
  }
}

const FIND_MISSING = `
import importlib.metadata as m, re, sys
def missing(package):
    try: m.version(re.split(r"[^\\w.-]", package)[0])
    except m.PackageNotFoundError: return True
print(" ".join(package for package in sys.argv[1:] if missing(package)))`;

/** The user's own Python, if it has the packages in any version. */
async function withPackages(python: string, packages: readonly string[]): Promise<string> {
  const { stdout } = await run(python, ["-c", FIND_MISSING, ...packages]).catch((error: unknown) => {
    throw new HistoError("PEER_MISSING", `HISTO_PEER_PYTHON: ${python} does not run: ${lastLine(messageOf(error))}`);
  });
  const missing = stdout.trim();
  if (!missing) return python;
  const message = `HISTO_PEER_PYTHON: ${python} lacks ${missing}; install it or unset the variable.`;
  throw new HistoError("PEER_MISSING", message);
}

/** A Python with PyTorch and further packages, checked against the limit in `HISTO_MAX_CPU_ISA`. */
export async function torchPython(...packages: readonly string[]): Promise<string> {
  const python = await peerPython(["torch", ...packages]);
  await mustKeepToLimit(python);
  return python;
}

function lastLine(text: string): string {
  return text.slice(-200);
}
