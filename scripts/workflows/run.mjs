// Runs one job of a workflow in a clone, like GitHub's runner: step by step in bash, until one fails.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { nodejs } from "../infrastructure/nodejs.mjs";
import { root } from "../setup/paths.mjs";
import { run, SetupError } from "../setup/shell.mjs";

/** Variables of this process that a job must not inherit: settings of npm, the test runner and the project. */
const OWN = /^(npm_|NODE_TEST|NODE_OPTIONS|NODE_PATH|HISTO_|MLFLOW_|INIT_CWD)/i;

/** Runs a job of the plan and prints the result of each step. @returns {Promise<number>} number of failed steps, 0 or 1 */
export async function runJob({ node, steps }) {
  const folder = mkdtempSync(join(tmpdir(), "histo-workflow-"));
  try {
    const clone = join(folder, "clone");
    await run("workflows", "git", ["clone", "--quiet", `file://${root}`, clone]);
    const path = [...(node ? [await programs(node, folder)] : []), process.env.PATH].join(delimiter);
    for (const { name, script, env, left } of steps) {
      if (left) console.log(`  not run: ${name} (${left})`);
      if (!script) continue;
      const started = Date.now();
      try {
        const output = await run("workflows", "bash", ["-e", "-c", script], {
          cwd: clone,
          env: { ...environment(folder), ...env, PATH: path },
        });
        console.log(`  passed: ${name} (${Math.round((Date.now() - started) / 1000)} s)${lastLine(output)}`);
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        console.log(`  FAILED: ${name}\n${error.message}\n  Log: ${error.log}`);
        return 1;
      }
    }
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a folder with `node`, `npm` and `npx` of a version. */
async function programs(node, folder) {
  const home = await nodejs(node);
  const bin = join(folder, "bin");
  mkdirSync(bin);
  symlinkSync(join(home, "bin", "node"), join(bin, "node"));
  for (const name of ["npm", "npx"]) {
    symlinkSync(join(home, "lib", "node_modules", "npm", "bin", `${name}-cli.js`), join(bin, name));
  }
  return bin;
}

function environment(folder) {
  const inherited = Object.entries(process.env).filter(([name]) => !OWN.test(name));
  const files = ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV"].map((name) => [name, join(folder, name)]);
  for (const [, path] of files) writeFileSync(path, "", { flag: "a" });
  return { ...Object.fromEntries([...inherited, ...files]), CI: "true" };
}

/** The summary of the tests, if a step ends with one. */
function lastLine(output) {
  const line = output.trim().split("\n").at(-1) ?? "";
  return /^\d+ passed/.test(line) ? `: ${line}` : "";
}
