import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { writeModel } from "../support/served-model";
import { picture, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

test("a job of an array predicts the slide of its index, and says where the array is too large", async (t) => {
  const directory = await temporaryDirectory(t);
  const slides = join(directory, "slides");
  await mkdir(slides);
  for (const name of ["a", "b"]) await writeSlide(join(slides, `${name}.tif`), [picture(128, 96)]);
  const [model, out] = [await writeModel(join(directory, "model")), join(directory, "out")];
  const run = (env: NodeJS.ProcessEnv) => {
    const argv = ["slide", slides, "--array", "--model", model, "--out", out, "--mpp", "0.5", "--quiet"];
    const options = { env: { ...process.env, ...env }, encoding: "utf8" } as const;
    return spawnSync(process.execPath, [join(projectRoot(), "bin", "histo.cjs"), ...argv], options);
  };
  assert.equal(run({ AWS_BATCH_JOB_ARRAY_INDEX: "1" }).status, 0);
  assert.deepEqual(await readdir(out), ["b.tif"]);
  assert.equal(run({ JOB_COMPLETION_INDEX: "0" }).status, 0);
  assert.deepEqual((await readdir(out)).sort(), ["a.tif", "b.tif"]);
  for (const [env, message] of [
    [{ JOB_COMPLETION_INDEX: "2" }, /size must be 2/],
    [{}, /needs an array job/],
  ] as const) {
    const { status, stderr } = run(env);
    assert.equal(status, 2);
    assert.match(stderr, message);
  }
});
