import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";

test("without the native TensorFlow nothing is advertised to those who use the plain one", () => {
  const room = JSON.stringify(join(projectRoot(), "dist", "src", "tensorflow", "index.js"));
  const program = `const { tf, runtime } = require(${room}); console.log(runtime.kind, tf.tensor([1, 2]).sum().dataSync()[0])`;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", program], {
    encoding: "utf8",
    env: { ...process.env, HISTO_TENSORFLOW: "javascript" },
  });
  assert.deepEqual([stdout, stderr], ["javascript 3\n", ""]);
});
