/** The int8 graphs of `quantized.test.ts` on an emulated processor without VNNI, which clips sums of products. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";

const EMULATOR = "qemu-x86_64-static";

function reason(): string | false {
  if (process.arch !== "x64") return "this processor is no x86-64";
  return spawnSync(EMULATOR, ["--version"]).status !== 0 && `${EMULATOR} is missing (Debian: qemu-user-static)`;
}

test("full-range int8 weights give the right logits on a processor without VNNI", { skip: reason() }, () => {
  const file = join(projectRoot(), "dist", "tests", "inference", "quantized.test.js");
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const emulated = ["-cpu", "Haswell", process.execPath, "--test-reporter=tap", file];
  const { stdout, status } = spawnSync(EMULATOR, emulated, { encoding: "utf8", env });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^# pass [1-9]\d*$/m);
  assert.match(stdout, /^# fail 0$/m);
});
