// The native addon of tfjs-node-gpu (two C++ files of the package and the project's own), compiled against the unpacked TensorFlow.
import { mkdirSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { root, tensorflowFolder } from "./paths.mjs";
import { run } from "./shell.mjs";

export const addonPackage = join(root, "node_modules", "@tensorflow", "tfjs-node-gpu");
const addonFolder = join(addonPackage, "lib", "napi-v8");
export const addon = join(addonFolder, "tfjs_binding.node");

/** The project's own additions. */
export const nativeSources = ["native/quiet-start.cc"];

/** Compiles with the given C++ compiler. The addon finds the libraries relative to itself, so the project can be moved. */
export async function compileAddon(compiler) {
  const require = createRequire(join(root, "package.json"));
  const mac = process.platform === "darwin";
  const library = (name) => join(tensorflowFolder, "tensorflow", mac ? `lib${name}.2.dylib` : `lib${name}.so.2`);
  const toLibraries = relative(addonFolder, join(tensorflowFolder, "tensorflow"));
  mkdirSync(addonFolder, { recursive: true });
  const temporary = `${addon}.tmp`;
  await run("tensorflow", compiler, [
    ...["-O2", "-std=c++17", "-fPIC", "-shared", "-DNAPI_VERSION=8", "-w"],
    ...(mac ? ["-undefined", "dynamic_lookup"] : []),
    `-I${require("node-api-headers").include_dir}`,
    `-I${join(tensorflowFolder, "tensorflow", "include")}`,
    `-I${addonPackage}`,
    ...["-o", temporary],
    ...["tfjs_backend.cc", "tfjs_binding.cc"].map((file) => join(addonPackage, "binding", file)),
    ...nativeSources.map((file) => join(root, file)),
    ...[library("tensorflow_cc"), library("tensorflow_framework")],
    `-Wl,-rpath,${mac ? "@loader_path" : "$ORIGIN"}/${toLibraries}`,
  ]);
  renameSync(temporary, addon);
}
