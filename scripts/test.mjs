// `npm test`: installs what is missing, then checks lint, format and types and runs the tests; `-- --slow` runs the slow ones.
// Other arguments choose test files by a part of their path: npm test -- training
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { setupOrExit } from "./setup/index.mjs";
import { root } from "./setup/paths.mjs";

const args = process.argv.slice(2);
const slow = args.includes("--slow");
const wanted = args.filter((arg) => !arg.startsWith("--"));

await setupOrExit();
const require = createRequire(join(root, "package.json"));
check("Lint and format", [require.resolve("@biomejs/biome/bin/biome"), "check", "."]);
check("Types", [join(root, "scripts", "build.mjs")]);
runTests();

function check(label, command) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: "inherit" });
  if (status === 0) return;
  console.error(`${label}: failed`);
  process.exit(1);
}

function runTests() {
  const sources = testFiles(join(root, "tests")).filter((file) => file.includes(".slow.test.ts") === slow);
  const chosen = sources.filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
  const compiled = chosen.map((file) => join("dist", file.replace(/\.ts$/, ".js")));
  if (compiled.length === 0) {
    console.error(`No test file matches ${wanted.join(", ")}.`);
    process.exit(2);
  }
  const env = { ...process.env, HISTO_ROOT: root, MLFLOW_TRACKING_URI: "http://127.0.0.1:9" };
  const reporter = join(root, "scripts", "test-reporter.mjs");
  const options = [
    "--test",
    // Some tests wait for servers; three at a time keep two processors busy.
    "--test-concurrency=3",
    `--test-reporter=${reporter}`,
    "--test-reporter-destination=stdout",
  ];
  const { status } = spawnSync(process.execPath, [...options, ...compiled], { cwd: root, stdio: "inherit", env });
  process.exit(status ?? 1);
}

function testFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    return entry.name.endsWith(".test.ts") ? [relative(root, path)] : [];
  });
}
