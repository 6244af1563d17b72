// Compiles the TypeScript sources to dist/ (incremental). Fails on any type error.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
if (!existsSync(compiler)) {
  console.error("The packages are not installed yet: run `npm start` or `npm run setup` once.");
  process.exit(1);
}
const started = new Date();
const { status } = spawnSync(process.execPath, [compiler, "-p", root], { cwd: root, stdio: "inherit" });
if (status === 0) {
  writeForBrowsers("src/explanation/drawing.ts");
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(join(root, "dist", ".built"), `${started.toISOString()}\n`);
}
process.exit(status ?? 1);

/** Also writes a source that the web page shares as a module for browsers. */
function writeForBrowsers(source) {
  const { transpileModule } = createRequire(import.meta.url)("typescript");
  const compilerOptions = { module: "ES2022", target: "ES2022" };
  const { outputText } = transpileModule(readFileSync(join(root, source), "utf8"), { compilerOptions });
  writeFileSync(join(root, "dist", source.replace(/\.ts$/, ".mjs")), outputText);
}
