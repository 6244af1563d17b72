// TensorFlow's C++ libraries and headers, taken out of the wheel that PyPI has for this platform.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, setupFolder, tensorflowFolder } from "./paths.mjs";
import { findPython } from "./python.mjs";
import { run, SetupError } from "./shell.mjs";

export const TENSORFLOW_VERSION = "2.21.0";
const unpackScript = join(root, "scripts", "setup", "unpack-wheels.py");

/**
 * Downloads and unpacks into `tensorflowFolder`, which appears whole; nothing where it is there already. With `gpu`
 * NVIDIA's CUDA libraries lie beside it.
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
    return run("tensorflow", python, [
      ...pip,
      "download",
      "--no-deps",
      "--only-binary",
      ":all:",
      "-d",
      wheels,
      ...args,
    ]);
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

/** pip's arguments for the wheel of this platform. Only its C++ part is used, so any Python version of it will do. */
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
