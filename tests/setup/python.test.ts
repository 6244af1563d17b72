import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { pythonPath, withoutPython } from "../support/python";

test("the project's Python keeps compiled modules, also where the environment forbids it", {
  skip: withoutPython(),
}, () => {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
  const program = "import sys; print(sys.dont_write_bytecode)";
  assert.equal(execFileSync(pythonPath() as string, ["-c", program], { encoding: "utf8", env }).trim(), "False");
});
