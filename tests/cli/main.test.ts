import assert from "node:assert/strict";
import { test } from "node:test";
import { projectVersion } from "../../src/files/index";
import { histo } from "../support/histo";

test("the command line tells its version", () => {
  const { status, stdout } = histo("--version");
  assert.equal(status, 0);
  assert.equal(stdout.trim(), projectVersion());
  assert.match(projectVersion(), /^\d+\.\d+\.\d+$/);
});
