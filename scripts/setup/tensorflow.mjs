// Step: TensorFlow for Node. Best first:
//  1. today's TensorFlow: the C++ libraries of the Python wheel, and the addon of tfjs-node-gpu compiled against them;
//  2. the package's own download (TensorFlow 2.9);
//  3. none: the project runs on plain JavaScript and WebAssembly, many times slower.
// `histo doctor` shows the result and why better ones failed.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { probe, run, SetupError } from "./shell.mjs";
import { addon, addonPackage, compileAddon, nativeSources } from "./tensorflow-addon.mjs";
import { TENSORFLOW_VERSION, unpackWheel } from "./tensorflow-wheel.mjs";

/** True if an NVIDIA driver is present. */
async function hasNvidiaGpu() {
  if (process.platform !== "linux") return false;
  return existsSync("/proc/driver/nvidia/version") || Boolean((await probe("nvidia-smi", "-L"))?.includes("GPU"));
}

export const tensorflow = {
  name: "tensorflow",
  label: `TensorFlow ${TENSORFLOW_VERSION}`,
  inputs: [
    "package-lock.json",
    ...["", "-addon", "-wheel"].map((part) => `scripts/setup/tensorflow${part}.mjs`),
    ...nativeSources,
  ],
  // With a GPU that was missing before, the step finds a better way.
  values: async () => [await hasNvidiaGpu()],
  // So it does with another compiler, unless all is compiled. One that is gone takes nothing away.
  async canImprove({ failures, compiler }) {
    return failures.length > 0 && ((await foundCompiler()) ?? compiler) !== compiler;
  },
  outputs: [addonPackage],
  needs: ["packages"],
  async install(say) {
    const gpu = await hasNvidiaGpu();
    const compiler = await foundCompiler();
    const failures = [];
    const ways = [
      ...(gpu ? [{ kind: "wheel", gpu: true, get: () => buildFromWheel(true, compiler) }] : []),
      { kind: "wheel", gpu: false, get: () => buildFromWheel(false, compiler) },
      { kind: "package", gpu, get: packageDownload },
    ];
    for (const { kind, gpu, get } of ways) {
      const way = `TensorFlow from the ${kind}${gpu ? " with CUDA" : ""}`;
      try {
        const { version, missing = [] } = await get();
        await checkItLoads();
        for (const part of missing) say(`Warning: not compiled: ${part}`);
        return { kind, version, gpu, compiler, failures: [...failures, ...missing] };
      } catch (error) {
        rmSync(addon, { force: true });
        // A slower way would be kept.
        if (error.passing) throw error;
        failures.push(`${way}: ${error.advice ?? error.message.split("\n").filter(Boolean).at(-1)}`);
        say(`${failures.at(-1)} Trying the next way.`);
      }
    }
    say(
      "Warning: no native TensorFlow. Plain JavaScript and WebAssembly are used; training is 10 to 100 times slower.",
    );
    return { kind: "javascript", version: "tfjs 4.22.0", gpu: false, compiler, failures };
  },
};

async function foundCompiler() {
  for (const name of process.env.CXX ? [process.env.CXX] : ["g++", "clang++"]) {
    if (await probe(name, "--version")) return name;
  }
  return undefined;
}

async function buildFromWheel(gpu, compiler) {
  if (!compiler) {
    throw new SetupError(
      "No C++ compiler.",
      "no C++ compiler (Debian: apt-get install g++; macOS: xcode-select --install).",
    );
  }
  await unpackWheel(gpu);
  return { version: TENSORFLOW_VERSION, missing: await compileAddon(compiler) };
}

async function packageDownload() {
  if (Number(process.versions.node.split(".")[0]) > 22) {
    throw new SetupError("The package's own TensorFlow 2.9 does not load on Node 23 and newer.");
  }
  await run("tensorflow", process.execPath, [join("scripts", "install.js"), "download"], { cwd: addonPackage });
  return { version: "2.9.1" };
}

/** Multiplies two small matrices in a new process, because a library can load and still crash. */
async function checkItLoads() {
  const script = `
    const util = require("util"); util.isNullOrUndefined ??= (v) => v == null; util.isArray ??= Array.isArray;
    const tf = require("@tensorflow/tfjs-node-gpu");
    if (tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0] !== 11) throw new Error("wrong product");`;
  await run("tensorflow", process.execPath, ["-e", script], { env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" } });
}
