// Step: the npm packages of the lock file. Their install scripts are not needed and do not run.
import { join } from "node:path";
import { root, setupFolder } from "./paths.mjs";
import { run } from "./shell.mjs";

export const packages = {
  name: "packages",
  label: "npm packages",
  inputs: ["package-lock.json", "shims/tfjs-node/index.js"],
  outputs: [join(root, "node_modules", "typescript")],
  async install() {
    const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
    const cache = join(setupFolder, "npm-cache");
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--cache", cache];
    await run("packages", npm[0], [...npm.slice(1), "ci", ...options]);
  },
};
