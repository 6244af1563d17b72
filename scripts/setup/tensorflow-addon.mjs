// The native addon of tfjs-node-gpu (two C++ files of the package and the project's own), compiled against the unpacked TensorFlow.
import { mkdirSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { root, tensorflowFolder } from "./paths.mjs";
import { run } from "./shell.mjs";

export const addonPackage = join(root, "node_modules", "@tensorflow", "tfjs-node-gpu");
const addonFolder = join(addonPackage, "lib", "napi-v8");
export const addon = join(addonFolder, "tfjs_binding.node");
const mac = process.platform === "darwin";

/** The project's own addon, loaded before TensorFlow; see the file. */
export const nativeSources = ["native/quietly.cc"];

/** Compiles with the given C++ compiler. The addon finds the libraries relative to itself, so the project can be moved. */
export async function compileAddon(compiler) {
  const library = (name) => join(tensorflowFolder, "tensorflow", mac ? `lib${name}.2.dylib` : `lib${name}.so.2`);
  const toLibraries = relative(addonFolder, join(tensorflowFolder, "tensorflow"));
  await compile(compiler, addon, [
    `-I${join(tensorflowFolder, "tensorflow", "include")}`,
    `-I${addonPackage}`,
    ...["tfjs_backend.cc", "tfjs_binding.cc"].map((file) => join(addonPackage, "binding", file)),
    ...[library("tensorflow_cc"), library("tensorflow_framework")],
    `-Wl,-rpath,${mac ? "@loader_path" : "$ORIGIN"}/${toLibraries}`,
  ]);
  await compile(compiler, join(addonFolder, "quietly.node"), [join(root, "native", "quietly.cc")]);
}

async function compile(compiler, target, args) {
  const { include_dir: headers } = createRequire(join(root, "package.json"))("node-api-headers");
  mkdirSync(addonFolder, { recursive: true });
  const options = ["-O2", "-std=c++17", "-fPIC", "-shared", "-DNAPI_VERSION=8", "-w", `-I${headers}`];
  const late = mac ? ["-undefined", "dynamic_lookup"] : [];
  await run("tensorflow", compiler, [...options, ...late, "-o", `${target}.tmp`, ...args]);
  renameSync(`${target}.tmp`, target);
}
