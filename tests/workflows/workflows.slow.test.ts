import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { projectRoot } from "../../src/files/index";

/** Test files of rooms that stand on Node in different ways: native addons, workers, HTTP, kernels of notebooks. */
const ROOMS =
  "options/ files/ image/ tensorflow/ models/ training/run-training training/resume inference/ " +
  "serve/express serve/workers notebook/runner tracking/client cli/main";

/** @returns what scripts/workflows.mjs prints, which ends with status 0 */
async function workflows(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ["scripts/workflows.mjs", ...args], {
    cwd: projectRoot(),
    maxBuffer: 1e8,
  });
  return stdout;
}

const supported = process.platform === "linux" && process.arch === "x64";

describe("the workflows on this machine", { skip: !supported && "Node's packages are for Linux on x64" }, () => {
  for (const node of ["20", "24"]) {
    test(`ci sets up, compiles and passes tests of many rooms on Node ${node}`, async () => {
      const output = await workflows("ci/test", "--node", node, "--tests", ROOMS);
      console.log(output.trimEnd());
      assert.match(output, new RegExp(`^ci/test on Node ${node}$`, "m"));
      assert.match(output, /passed: npm test -- .*: [1-9]\d+ passed, 0 failed/);
    });
  }

  test("both deployments compile from what the lock files name, and what needs AWS is named and not run", async () => {
    const output = await workflows("deploy-ec2", "deploy-lambda");
    console.log(output.trimEnd());
    assert.equal(output.match(/passed: Compile/g)?.length, 2);
    assert.match(output, /not run: Build and push \(needs .*steps\.registry\.outputs\.registry/);
  });

  test("the history has no merge commits", async () => {
    assert.match(await workflows("linear-history"), /passed: Look for merge commits/);
  });
});
