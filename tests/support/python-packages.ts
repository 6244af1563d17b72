/** @module Python packages that single slow tests need, each list in a folder of its own beside the project's tools. */
import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../src/files/index";
import { pythonPath } from "./python";

/** Installs packages, without what they depend on where `alone`, and returns the folder for `PYTHONPATH`. */
export function pythonPackages(
  name: string,
  packages: readonly string[],
  { alone = false }: { readonly alone?: boolean } = {},
): string {
  const directory = join(projectRoot(), ".setup", name);
  const stamp = join(directory, "installed");
  if (existsSync(stamp)) return directory;
  rmSync(directory, { recursive: true, force: true });
  const options = [
    "install",
    "-q",
    "--disable-pip-version-check",
    "--target",
    directory,
    ...(alone ? ["--no-deps"] : []),
  ];
  execFileSync(pythonPath() ?? "python3", ["-m", "pip", ...options, ...packages], {
    stdio: "pipe",
  });
  writeFileSync(stamp, packages.join("\n"));
  return directory;
}
