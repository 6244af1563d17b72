// What only the infrastructure's checks need, installed on demand: linters in .setup/lint, CDK in serve/aws.
import { existsSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { locked } from "../setup/lock.mjs";
import { root, setupFolder } from "../setup/paths.mjs";
import { findPython } from "../setup/python.mjs";
import { probe, run } from "../setup/shell.mjs";
import { clearStamp, finished, keyOf, writeStamp } from "../setup/stamp.mjs";

const ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";
const MOTO = "moto[server]==5.2.5";
const REQUIREMENTS = "scripts/infrastructure/requirements.txt";

export const awsFolder = join(root, "serve", "aws");
const lintFolder = join(setupFolder, "lint");
const venvBin = join(lintFolder, "venv", process.platform === "win32" ? "Scripts" : "bin");
const goBin = join(lintFolder, "go-bin");

/** Runs `install` unless its stamp says that it was done with the same inputs and its outputs exist. */
async function once(name, inputs, outputs, install) {
  const key = keyOf(inputs, process.versions.modules);
  if (finished(name, key, outputs)) return;
  await locked(async () => {
    if (finished(name, key, outputs)) return;
    clearStamp(name);
    console.error(`Installing ${name} (once). Log: .setup/logs/${name}.log`);
    await install();
    writeStamp(name, key);
  });
}

/**
 * hadolint, shellcheck, zizmor, cfn-lint, and actionlint where Go is there to build it.
 * @returns {Promise<{path: string, actionlint: boolean}>} a PATH that finds them
 */
export async function lintTools() {
  await once("lint-tools", [REQUIREMENTS], [join(venvBin, "cfn-lint"), join(venvBin, "hadolint")], async () => {
    rmSync(join(lintFolder, "venv"), { recursive: true, force: true });
    await run("lint-tools", await findPython(), ["-m", "venv", join(lintFolder, "venv")]);
    const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"];
    await run("lint-tools", join(venvBin, "python"), [...pip, "-r", REQUIREMENTS]);
  });
  const path = [venvBin, goBin, process.env.PATH].join(delimiter);
  return { path, actionlint: await actionlint() };
}

async function actionlint() {
  const program = join(goBin, "actionlint");
  if (existsSync(program)) return true;
  if ((await probe("go", "version")) === undefined) return false;
  console.error("Building actionlint (once).");
  await run("lint-tools", "go", ["install", ACTIONLINT], { env: { ...process.env, GOBIN: goBin } });
  return true;
}

/** CDK and the AWS clients in serve/aws/node_modules, and the compiled stacks. */
export async function awsPackage() {
  await once(
    "aws-package",
    ["serve/aws/package-lock.json"],
    [join(awsFolder, "node_modules", "aws-cdk-lib"), join(awsFolder, "node_modules", "typescript")],
    () => run("aws-package", "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: awsFolder }),
  );
  await run("aws-package", process.execPath, [join("node_modules", "typescript", "bin", "tsc"), "-p", "."], {
    cwd: awsFolder,
  });
}

/** moto's server, which answers in place of AWS in tests. @returns {Promise<string>} its program */
export async function motoServer() {
  const bin = join(setupFolder, "moto", process.platform === "win32" ? "Scripts" : "bin");
  await once("moto", [], [join(bin, "moto_server")], async () => {
    rmSync(join(setupFolder, "moto"), { recursive: true, force: true });
    await run("moto", await findPython(), ["-m", "venv", join(setupFolder, "moto")]);
    const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"];
    await run("moto", join(bin, "python"), [...pip, MOTO]);
  });
  return join(bin, "moto_server");
}
