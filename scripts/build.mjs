// Compiles the TypeScript sources to dist/ (incremental), unless nothing has changed since. Fails on any type error. Builds
// take turns, so commands that start together in a changed working tree share one.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newest } from "./newest.cjs";
import { locked } from "./setup/lock.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
/** Holds when the last compilation without errors began. */
const stamp = join(root, "dist", ".built");
if (!existsSync(compiler)) {
  console.error("The packages are not installed yet: run `npm start` or `npm run setup` once.");
  process.exit(1);
}
if (isCompiled()) process.exit(0);
process.exitCode = await locked(compile, { folder: join(root, ".setup", "build"), what: "build" });

/** @returns the exit status */
function compile() {
  if (isCompiled()) return 0;
  const started = new Date();
  const { status } = spawnSync(process.execPath, [compiler, "-p", root], { cwd: root, stdio: "inherit" });
  if (status !== 0) return status ?? 1;
  for (const source of ["src/explanation/drawing.ts", "src/format/text.ts"]) writeForBrowsers(source);
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(stamp, `${started.toISOString()}\n`);
  return 0;
}

function isCompiled() {
  if (!existsSync(stamp)) return false;
  const began = Date.parse(readFileSync(stamp, "utf8").trim());
  const sources = ["src", "serve", "bench", "tests", "tsconfig.json", "package-lock.json", "scripts/build.mjs"];
  return sources.every((name) => newest(join(root, name)) < began);
}

/** Also writes a source that the web page shares as a module for browsers. */
function writeForBrowsers(source) {
  const { transpileModule } = createRequire(import.meta.url)("typescript");
  const compilerOptions = { module: "ES2022", target: "ES2022" };
  const { outputText } = transpileModule(readFileSync(join(root, source), "utf8"), { compilerOptions });
  writeFileSync(join(root, "dist", source.replace(/\.ts$/, ".mjs")), outputText);
}
