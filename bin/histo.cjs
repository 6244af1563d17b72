#!/usr/bin/env node
// `histo`: runs the compiled command line, compiling it and the native operations first where the sources are newer.
const { existsSync, statSync, utimesSync } = require("node:fs");
const { spawnSync } = require("node:child_process");
const { availableParallelism } = require("node:os");
const { join, resolve } = require("node:path");

const root = resolve(__dirname, "..");
process.env.HISTO_ROOT ??= root;
// Images are decoded in Node's thread pool, which has four threads unless told otherwise before its first use.
process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, availableParallelism()));

// `histo ... | head` ends like other programs whose reader is gone, by SIGPIPE. Messages without a reader do not stop the work.
process.stdout.on("error", ({ code }) => {
  if (code === "EPIPE") process.exit(141);
  process.stderr.write(`histo: The output cannot be written (${code}).\n`);
  process.exit(1);
});
process.stderr.on("error", () => undefined);

/** Runs a script where sources are newer than what was made of them. Operations of other sources can end the process. */
function renew(sources, made, script) {
  if (!existsSync(sources)) return;
  const { newest } = require("../scripts/newest.cjs");
  if (existsSync(made) && newest(sources) <= statSync(made).mtimeMs) return;
  const { status } = spawnSync(process.execPath, [join(root, "scripts", script)], { stdio: ["ignore", 2, 2] });
  if (status !== 0) process.exit(1);
  if (existsSync(made)) utimesSync(made, new Date(), new Date());
}

const compiledAddon = join(root, ".setup", "stamps", "tensorflow.json");
if (existsSync(compiledAddon)) renew(join(root, "native"), compiledAddon, "setup.mjs");
renew(join(root, "src"), join(root, "dist", ".built"), "build.mjs");
require(join(root, "dist", "src", "cli", "main.js")).main(process.argv.slice(2));
