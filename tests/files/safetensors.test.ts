import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { SafetensorsFile, writeSafetensors } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

const tensors = [
  { name: "kernel", shape: [50, 100], data: () => Float32Array.from({ length: 5000 }, (_, i) => i) },
  { name: "bias", shape: [3], data: () => [Float32Array.of(1), Float32Array.of(2, 3)] },
];

test("tensors come back as they were written, whole and in parts", async (context) => {
  const path = join(await temporaryDirectory(context), "weights.safetensors");
  await writeSafetensors(path, tensors, { epoch: "3" });
  const file = await SafetensorsFile.open(path);
  assert.deepEqual(file.metadata, { epoch: "3" });
  assert.deepEqual(await file.read("bias"), Float32Array.of(1, 2, 3));
  assert.deepEqual(await file.read("kernel", 4000, 2), Float32Array.of(4000, 4001));
  await file.close();
});

test("a file that does not fit is an error, and the one before stays", {
  skip: process.platform === "win32" && "needs ulimit",
}, async (context) => {
  const folder = await temporaryDirectory(context);
  const path = join(folder, "weights.safetensors");
  await writeSafetensors(path, tensors);
  const before = await readFile(path);
  const script = `
    const { writeSafetensors } = require(${JSON.stringify(join(__dirname, "..", "..", "src", "files", "index"))});
    const data = () => new Float32Array(5000);
    writeSafetensors(${JSON.stringify(path)}, [{ name: "kernel", shape: [5000], data }]).then(
      () => console.log("written"),
      (error) => console.log(error.code),
    );`;
  const limited = ["-c", 'ulimit -f 8; exec "$0" -e "$1"', process.execPath, script];
  const { stdout } = await promisify(execFile)("bash", limited);
  assert.equal(stdout.trim(), "EFBIG");
  assert.deepEqual(await readFile(path), before);
  assert.deepEqual(await readdir(folder), ["weights.safetensors"]);
});
