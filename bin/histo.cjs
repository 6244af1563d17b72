#!/usr/bin/env node
// `histo`: runs the compiled command line, compiling it first where the sources are newer.
const { existsSync, readdirSync, statSync } = require("node:fs");
const { spawnSync } = require("node:child_process");
const { availableParallelism } = require("node:os");
const { join, resolve } = require("node:path");

const root = resolve(__dirname, "..");
process.env.HISTO_ROOT ??= root;
// Images are decoded in Node's thread pool, which has four threads unless told otherwise before its first use.
process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, availableParallelism()));

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return latest;
}

const built = join(root, "dist", ".built");
if (existsSync(join(root, "src")) && (!existsSync(built) || newest(join(root, "src")) > statSync(built).mtimeMs)) {
  const build = spawnSync(process.execPath, [join(root, "scripts", "build.mjs")], { stdio: ["ignore", 2, 2] });
  if (build.status !== 0) process.exit(1);
}
require(join(root, "dist", "src", "cli", "main.js")).main(process.argv.slice(2));
