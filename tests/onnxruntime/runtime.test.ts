import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { writeModel, writeTiles } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

test("onnxruntime reports nothing: a prediction leaves no file of its telemetry", async (t) => {
  const folder = await temporaryDirectory(t);
  const model = await writeModel(join(folder, "model"));
  const images = join(await writeTiles(join(folder, "tiles"), 1), "images");
  const [home, tmp] = [join(folder, "home"), join(folder, "tmp")];
  for (const path of [home, tmp]) mkdirSync(path);
  // In CI the library is silent by itself.
  const { CI: _, ORT_DISABLE_TELEMETRY: __, ...environment } = process.env;
  const { status, stderr } = spawnSync(
    process.execPath,
    ["bin/histo.cjs", "predict", "--model", model, "--images", images, "--out", join(folder, "out.csv")],
    { cwd: projectRoot(), env: { ...environment, HOME: home, TMPDIR: tmp }, encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
  assert.deepEqual(readdirSync(tmp), []);
  assert.deepEqual(readdirSync(home), []);
});
