import assert from "node:assert/strict";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Interrupted } from "../../src/errors/index";
import { silentProgress } from "../../src/progress/index";
import { predictSlide } from "../../src/slide/index";
import { writeModel } from "../support/served-model";
import { picture, writeSlide } from "../support/slide-files";
import { temporaryDirectory } from "../support/temporary-directory";

/** Options that stop the prediction after its first block. */
function stoppedAtOnce() {
  const stop = new AbortController();
  const task = { update: () => stop.abort(new Interrupted()), finish: () => undefined };
  return { progress: { ...silentProgress, start: () => task }, signal: stop.signal };
}

test("the frame of the results is no reason to begin again", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await writeSlide(join(directory, "slide.tif"), [picture(1280, 96)]);
  const model = await writeModel(join(directory, "model"));
  const options = { model, out: join(directory, "out"), mpp: 0.5, workers: 1 };
  await assert.rejects(predictSlide(path, { ...options, ...stoppedAtOnce() }), { code: "INTERRUPTED" });
  const { resumedTiles } = await predictSlide(path, { ...options, frame: "slide", resume: true });
  assert.ok(resumedTiles > 0);
});

test("answers for other tiles are not continued, although file and settings are the same", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await writeSlide(join(directory, "slide.tif"), [picture(1280, 96)]);
  const model = await writeModel(join(directory, "model"));
  const time = new Date("2026-01-01");
  await utimes(path, time, time);
  const options = { model, out: join(directory, "out"), mpp: 0.5, workers: 1 };
  await assert.rejects(predictSlide(path, { ...options, ...stoppedAtOnce() }), { code: "INTERRUPTED" });
  // Glass where tissue was, as if this part could not be read for a moment.
  const file = await readFile(path);
  file.fill(255, 64, file.length / 4);
  await writeFile(path, file);
  await utimes(path, time, time);
  await assert.rejects(predictSlide(path, { ...options, resume: true }), {
    code: "SLIDE_RESUME_OTHER",
    message: /other work \(tiles\)/,
  });
});
