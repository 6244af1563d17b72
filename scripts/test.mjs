// `npm test`: installs what is missing, then checks lint, format and types and runs the tests; `-- --slow` runs the slow ones.
// Other arguments choose test files by a part of their path: npm test -- training
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { setupOrExit } from "./setup/index.mjs";
import { root } from "./setup/paths.mjs";
import report from "./test-reporter.mjs";

/** Tests of these folders share processes; what takes longest stands first, so that nothing is left running alone at the end. */
const LONGEST = ["serve", "cli", "training", "slide", "notebook", "tracking", "experiments", "tensorflow"];
/** Files of which each needs a process of its own, because what they test is set once in a process. */
const ALONE = ["models/networks", "training/fine-tuning"];

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
  const sources = readdirSync(join(root, "tests"), { recursive: true })
    .filter((name) => name.endsWith(".test.ts") && name.endsWith(".slow.test.ts") === slow)
    .map((name) => join("tests", name))
    .sort();
  const chosen = sources.filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
  if (chosen.length === 0) {
    console.error(`No test file matches ${wanted.join(", ")}.`);
    process.exit(2);
  }
  process.chdir(root);
  Object.assign(process.env, { HISTO_ROOT: root, MLFLOW_TRACKING_URI: "http://127.0.0.1:9" });
  const folder = mkdtempSync(join(tmpdir(), "histo-tests-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const files = groupsOf(chosen).map(([name, members]) => {
    const file = join(folder, `${name.replaceAll("/", "-")}.group.cjs`);
    const runner = JSON.stringify(join(root, "scripts", "test-group.cjs"));
    writeFileSync(file, `require(${runner}).runFiles(${JSON.stringify(root)}, ${JSON.stringify(members)});\n`);
    return file;
  });
  // Some tests wait for servers; three at a time keep two processors busy.
  const events = run({ files, concurrency: 3 });
  events.on("test:fail", () => {
    process.exitCode = 1;
  });
  events.compose(report).pipe(process.stdout);
}

/** Tests by the process that runs them: slow ones alone, others by folder. */
function groupsOf(files) {
  const groups = new Map(LONGEST.map((name) => [name, []]));
  for (const file of files) {
    const name = file.replace(/^tests.|\.test\.ts$/g, "");
    const group = slow || ALONE.includes(name) ? name : name.split("/")[0];
    groups.set(group, [...(groups.get(group) ?? []), file]);
  }
  return [...groups].filter(([, members]) => members.length > 0);
}
