// Compiles the native addon of tfjs-node-gpu and the project's own addons against the unpacked TensorFlow.
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { root, tensorflowFolder } from "./paths.mjs";
import { run } from "./shell.mjs";

export const addonPackage = join(root, "node_modules", "@tensorflow", "tfjs-node-gpu");
const addonFolder = join(addonPackage, "lib", "napi-v8");
export const addon = join(addonFolder, "tfjs_binding.node");
const mac = process.platform === "darwin";

const updates = ["optimizers", "product", "dense", "batch", "bfloat16", "strip"];
/** The project's own addons: one that is loaded before TensorFlow, and two that add operations to it. */
export const nativeSources = readdirSync(join(root, "native"), { recursive: true })
  .filter((file) => /\.(?:cc|h|inl)$/.test(file) && file !== "openslide-reader.cc")
  .map((file) => `native/${file}`)
  .sort();

/**
 * Compiles with the given C++ compiler. The addon finds the libraries by a relative path, so the project can be moved.
 * @returns {Promise<string[]>} the project's own operations that could not be compiled, and the reasons
 * @throws {SetupError} if another addon cannot be compiled, or the compiler is ended from outside
 */
export async function compileAddon(compiler) {
  const library = (name) => join(tensorflowFolder, "tensorflow", mac ? `lib${name}.2.dylib` : `lib${name}.so.2`);
  const toLibraries = relative(addonFolder, join(tensorflowFolder, "tensorflow"));
  const withTensorFlow = [
    `-I${join(tensorflowFolder, "tensorflow", "include")}`,
    ...[library("tensorflow_cc"), library("tensorflow_framework")],
    `-Wl,-rpath,${mac ? "@loader_path" : "$ORIGIN"}/${toLibraries}`,
  ];
  const binding = ["tfjs_backend.cc", "tfjs_binding.cc"].map((file) => join(addonPackage, "binding", file));
  const own = (...files) => files.map((file) => join(root, "native", `${file}.cc`));
  const fast = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"];
  await compile(compiler, addon, [`-I${addonPackage}`, ...binding, ...withTensorFlow]);
  await compile(compiler, join(addonFolder, "quietly.node"), own("quietly"));
  // Training also works without these two, only slower, so a compiler that cannot compile them is not an error.
  const failures = [];
  for (const [name, ...files] of [
    ["optimizers", ...updates],
    ["networks", "networks/networks"],
  ]) {
    const target = join(addonFolder, `${name}.node`);
    rmSync(target, { force: true });
    await compile(compiler, target, [...fast, ...own(...files), ...withTensorFlow]).catch((error) => {
      if (error.passing) throw error;
      const { message } = error;
      const reason = message.split("\n").find((line) => /error/i.test(line)) ?? message.split("\n")[0];
      failures.push(`own operations (${name}), without which training is several times slower: ${reason.trim()}`);
    });
  }
  return failures;
}

async function compile(compiler, target, args) {
  const { include_dir: headers } = createRequire(join(root, "package.json"))("node-api-headers");
  mkdirSync(addonFolder, { recursive: true });
  const options = ["-O2", "-std=c++17", "-fPIC", "-shared", "-DNAPI_VERSION=8", "-w", `-I${headers}`];
  const late = mac ? ["-undefined", "dynamic_lookup"] : [];
  await run("tensorflow", compiler, [...options, ...late, "-o", `${target}.tmp`, ...args]);
  renameSync(`${target}.tmp`, target);
}
