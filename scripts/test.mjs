// `npm test`: installs what is missing, then checks lint, format and types and runs the tests; `-- --slow` runs the slow ones.
// Other arguments choose test files by a part of their path: npm test -- training
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { run } from "node:test";
import { setupOrExit } from "./setup/index.mjs";
import { root } from "./setup/paths.mjs";
import report from "./test-reporter.mjs";

/** Files that take longest start first, so that none of them is left running alone at the end. */
const LONGEST = ["tracking/server", "slide/predict-slide", "notebook/runner", "experiments/compare"];

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
  if (chosen.length === 0) {
    console.error(`No test file matches ${wanted.join(", ")}.`);
    process.exit(2);
  }
  const isLong = (file) => LONGEST.some((name) => file === join("tests", `${name}.test.ts`));
  const ordered = [...chosen.filter(isLong), ...chosen.filter((file) => !isLong(file))];
  process.chdir(root);
  Object.assign(process.env, { HISTO_ROOT: root, MLFLOW_TRACKING_URI: "http://127.0.0.1:9" });
  const files = ordered.map((file) => join(root, "dist", file.replace(/\.ts$/, ".js")));
  // Some tests wait for servers; three at a time keep two processors busy.
  const events = run({ files, concurrency: 3 });
  events.on("test:fail", () => {
    process.exitCode = 1;
  });
  events.compose(report).pipe(process.stdout);
}

function testFiles(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    return entry.name.endsWith(".test.ts") ? [relative(root, path)] : [];
  });
}
