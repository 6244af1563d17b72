// TensorFlow's C++ libraries and headers, from the wheel for this platform on PyPI.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, setupFolder, tensorflowFolder } from "./paths.mjs";
import { findPython } from "./python.mjs";
import { run, SetupError } from "./shell.mjs";

export const TENSORFLOW_VERSION = "2.21.0";
const unpackScript = join(root, "scripts", "setup", "unpack-wheels.py");

/**
 * Downloads and unpacks the wheel into `tensorflowFolder`, which appears whole; does nothing if it exists. `gpu` adds NVIDIA's
 * CUDA libraries.
 */
export async function unpackWheel(gpu) {
  const mark = `${TENSORFLOW_VERSION}${gpu ? " with CUDA" : ""}`;
  const markFile = join(tensorflowFolder, "VERSION");
  if (existsSync(markFile) && readFileSync(markFile, "utf8") === mark) return;
  const staging = `${tensorflowFolder}.tmp`;
  const wheels = join(staging, "wheels");
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(wheels, { recursive: true });
  const python = await findPython();
  const download = (...args) => {
    const pip = ["-m", "pip", "--disable-pip-version-check", "--cache-dir", join(setupFolder, "pip-cache")];
    const options = ["--no-deps", "--only-binary", ":all:", "-d", wheels];
    return run("tensorflow", python, [...pip, "download", ...options, ...args]);
  };
  await download(...wheelOfPlatform(gpu));
  if (gpu) {
    const wheel = readdirSync(wheels).find((file) => file.startsWith("tensorflow-"));
    const cuda = await run("tensorflow", python, [unpackScript, "--extra", "and-cuda", join(wheels, wheel)]);
    await download(...linuxTags("x86_64"), ...cuda.split("\n").filter(Boolean));
  }
  await run("tensorflow", python, [unpackScript, wheels, staging]);
  rmSync(wheels, { recursive: true });
  writeFileSync(join(staging, "VERSION"), mark);
  rmSync(tensorflowFolder, { recursive: true, force: true });
  renameSync(staging, tensorflowFolder);
}

const linuxTags = (arch) =>
  ["manylinux_2_27", "manylinux_2_17", "manylinux2014"].flatMap((tag) => ["--platform", `${tag}_${arch}`]);

/** pip's arguments for the wheel of this platform. Only the C++ part is used, so the Python version does not matter. */
function wheelOfPlatform(gpu) {
  const target = {
    "linux-x64": [gpu ? "tensorflow" : "tensorflow-cpu", linuxTags("x86_64")],
    "linux-arm64": ["tensorflow", linuxTags("aarch64")],
    "darwin-arm64": ["tensorflow", ["--platform", "macosx_12_0_arm64"]],
  }[`${process.platform}-${process.arch}`];
  if (!target) throw new SetupError(`No TensorFlow wheel for ${process.platform} on ${process.arch}.`);
  const anyPython = ["--python-version", "312", "--implementation", "cp", "--abi", "cp312"];
  return [...target[1], ...anyPython, `${target[0]}==${TENSORFLOW_VERSION}`];
}
