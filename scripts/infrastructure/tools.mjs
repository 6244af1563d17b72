// Tools for the infrastructure's checks, installed on demand from package registries: linters and moto in HISTO_CACHE (else
// .setup), so that a new clone with the same cache finds them, and CDK in serve/aws.
import { rmSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { locked } from "../setup/lock.mjs";
import { root, setupFolder } from "../setup/paths.mjs";
import { findPython } from "../setup/python.mjs";
import { probe, run, SetupError } from "../setup/shell.mjs";
import { clearStamp, finished, keyOf, writeStamp } from "../setup/stamp.mjs";

const ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";
const LINTERS = "scripts/infrastructure/requirements.txt";
const MOTO = "scripts/infrastructure/moto.txt";

export const awsFolder = join(root, "serve", "aws");
export const cache = process.env.HISTO_CACHE ? join(resolve(process.env.HISTO_CACHE), "tools") : setupFolder;
const lintFolder = join(cache, "lint");
const goBin = join(lintFolder, "go-bin");

/** Runs `install` unless its stamp in `folder` has the same inputs and all outputs exist. */
export async function once({ name, folder, inputs = [], values = [], outputs = [] }, install) {
  const key = keyOf(inputs, process.versions.modules, values);
  if (finished(name, key, outputs, folder)) return;
  await locked(async () => {
    if (finished(name, key, outputs, folder)) return;
    clearStamp(name, folder);
    console.error(`Installing ${name} (once). Log: .setup/logs/${name}.log`);
    await install();
    writeStamp(name, key, undefined, folder);
  }, folder);
}

/** Creates a virtual environment with the pinned requirements. @returns {Promise<string>} the folder of its programs */
export async function pythonTools(name, folder, requirements, program) {
  const bin = join(folder, process.platform === "win32" ? "Scripts" : "bin");
  await once({ name, folder: cache, inputs: [requirements], outputs: [join(bin, program)] }, async () => {
    rmSync(folder, { recursive: true, force: true });
    await run(name, await findPython(), ["-m", "venv", folder]);
    const env = { ...process.env, PIP_CACHE_DIR: join(cache, "pip-cache") };
    const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"];
    await run(name, join(bin, "python"), [...pip, "-r", requirements], { env });
  });
  return bin;
}

/**
 * Installs hadolint, shellcheck, zizmor, cfn-lint and actionlint.
 * @returns {Promise<string>} a PATH that finds them
 * @throws {SetupError} if one of them is missing and cannot be installed
 */
export async function lintTools() {
  const bin = await pythonTools("lint-tools", join(lintFolder, "venv"), LINTERS, "cfn-lint");
  await actionlint();
  return [bin, goBin, process.env.PATH].join(delimiter);
}

/** Builds actionlint from source; without Go, the one on the PATH is used. */
async function actionlint() {
  const output = join(goBin, process.platform === "win32" ? "actionlint.exe" : "actionlint");
  const built = { name: "actionlint", folder: cache, values: [ACTIONLINT], outputs: [output] };
  if ((await probe("go", "version")) === undefined) {
    if ((await probe("actionlint", "-version")) !== undefined) return;
    throw new SetupError("actionlint is missing, and so is Go, which builds it.", "Install Go 1.24 or newer.");
  }
  await once(built, async () => {
    const modules = join(lintFolder, "go");
    const env = { ...process.env, GOBIN: goBin, GOPATH: modules, GOCACHE: join(modules, "cache") };
    await run("actionlint", "go", ["install", "-modcacherw", ACTIONLINT], { env });
    rmSync(modules, { recursive: true, force: true });
  });
}

/** Installs CDK and the AWS clients in serve/aws/node_modules, and compiles the stacks. */
export async function awsPackage() {
  const outputs = ["aws-cdk-lib", "typescript"].map((name) => join(awsFolder, "node_modules", name));
  await once({ name: "aws-package", folder: setupFolder, inputs: ["serve/aws/package-lock.json"], outputs }, () => {
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--cache", join(cache, "npm-cache")];
    return run("aws-package", "npm", ["ci", ...options], { cwd: awsFolder });
  });
  // One compiler at a time: two would write the same files.
  const tsc = [join("node_modules", "typescript", "bin", "tsc"), "-p", "."];
  await locked(() => run("aws-package", process.execPath, tsc, { cwd: awsFolder }));
}

/** Installs moto's server, which replaces AWS in tests. @returns {Promise<string>} its program */
export async function motoServer() {
  return join(await pythonTools("moto", join(cache, "moto"), MOTO, "moto_server"), "moto_server");
}
