// Step: the project's decoder for the JPEG tiles of slides. Without it the general decoder does the same, only slower: a compiler
// that is not there is no reason to stop.
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root, setupFolder } from "./paths.mjs";
import { probe, run } from "./shell.mjs";

const folder = join(setupFolder, "native");
const target = join(folder, "jpeg-tiles.node");

export const jpeg = {
  name: "jpeg",
  label: "decoder of slides",
  inputs: [
    "scripts/setup/jpeg.mjs",
    "native/processor.h",
    ...["jpeg-tiles.cc", "decoder.h", "transform.h"].map((file) => `native/jpeg/${file}`),
  ],
  outputs: [folder],
  needs: ["packages"],
  async install(say) {
    mkdirSync(folder, { recursive: true });
    rmSync(target, { force: true });
    const compiler = process.env.CXX ?? ((await probe("g++", "--version")) ? "g++" : "clang++");
    const { include_dir: headers } = createRequire(join(root, "package.json"))("node-api-headers");
    const late = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];
    const options = ["-O3", "-std=c++17", "-fPIC", "-shared", "-DNAPI_VERSION=8", "-w", `-I${headers}`, ...late];
    try {
      await run("jpeg", compiler, [...options, "-o", `${target}.tmp`, join(root, "native", "jpeg", "jpeg-tiles.cc")]);
      renameSync(`${target}.tmp`, target);
      return { compiled: true };
    } catch (error) {
      say(`No decoder of slides of its own: ${error.message.split("\n").filter(Boolean).at(-1)}`);
      return { compiled: false };
    }
  },
};
