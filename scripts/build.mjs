// Compiles the TypeScript sources to dist/ (incremental). Fails on any type error.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
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
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(join(root, "dist", ".built"), `${started.toISOString()}\n`);
}
process.exit(status ?? 1);
