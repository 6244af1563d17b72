import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";

const list = (...args: string[]) =>
  spawnSync(process.execPath, ["scripts/workflows.mjs", "--list", ...args], { cwd: projectRoot(), encoding: "utf8" });

test("a job is planned once for each Node of its matrix, and what GitHub alone can do is named", () => {
  const { stdout } = list();
  assert.deepEqual(
    stdout.match(/^ci\/test on Node \d+$/gm),
    ["20", "22", "24"].map((node) => `ci/test on Node ${node}`),
  );
  for (const line of [
    "  npm test",
    "  Look for merge commits",
    "  not run: actions/upload-artifact (an action of GitHub's)",
    "  not run: Build and push (needs vars.DEPLOYMENT_NAME, steps.registry.outputs.registry, vars.SERVER_PLATFORM)",
    "  not run: Scan (needs vars.DEPLOYMENT_NAME, steps.images.outputs.server)",
  ]) {
    assert.ok(stdout.split("\n").includes(line), line);
  }
});

test("jobs are chosen by workflow, job and Node; tests by their paths", () => {
  const { stdout } = list("ci/test", "--node", "24", "--tests", "image serve");
  assert.equal(stdout.match(/^\S/gm)?.length, 1);
  assert.match(stdout, /^ {2}npm test -- image serve$/m);
  const { status, stderr } = list("ci/moon");
  assert.equal(status, 2);
  assert.match(stderr, /^No job matches/);
});
