import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";

interface Step {
  values(): Promise<unknown[]>;
  canImprove(result: { failures: string[]; compiler?: string }): Promise<boolean>;
}

test("a compiler that comes mends what failed without it; one that goes has nothing made again", async () => {
  const { tensorflow } = (await import(join(projectRoot(), "scripts", "setup", "tensorflow.mjs"))) as {
    tensorflow: Step;
  };
  const lacking = { failures: ["no C++ compiler"] };
  // Any program that tells its version.
  process.env.CXX = process.execPath;
  const key = await tensorflow.values();
  assert.equal(await tensorflow.canImprove({ failures: [], compiler: "g++" }), false);
  assert.equal(await tensorflow.canImprove({ failures: ["too old"], compiler: process.execPath }), false);
  assert.equal(await tensorflow.canImprove({ failures: ["too old"], compiler: "g++" }), true);
  assert.equal(await tensorflow.canImprove(lacking), true);
  process.env.CXX = join(projectRoot(), "no-compiler");
  assert.deepEqual(await tensorflow.values(), key);
  assert.equal(await tensorflow.canImprove({ failures: [], compiler: "g++" }), false);
  assert.equal(await tensorflow.canImprove({ failures: ["too old"], compiler: "g++" }), false);
  assert.equal(await tensorflow.canImprove(lacking), false);
});
