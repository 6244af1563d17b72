import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { writeSyntheticDataset } from "../../src/dataset/index";
import { encodePng } from "../../src/image/with-sharp";
import { Random } from "../../src/random/index";
import type { Shifts } from "../../src/shift/index";
import { runTraining } from "../../src/training/index";
import { histoHere, histoJsonHere } from "../support/histo";
import { temporaryDirectory } from "../support/temporary-directory";

const SIZE = 32;

test("eda, evaluation and report say whether other images look like the training images", async (context) => {
  const directory = await temporaryDirectory(context);
  process.env.HISTO_CACHE = join(directory, "cache");
  const [data, run, noise] = ["data", "run", "noise"].map((name) => join(directory, name)) as [string, string, string];
  await writeSyntheticDataset({ out: data, images: 120, size: SIZE, seed: 3 });
  const random = new Random(4);
  await mkdir(noise);
  for (let i = 0; i < 24; i++) {
    const pixels = Uint8Array.from({ length: SIZE * SIZE * 3 }, () => random.integer(256));
    await writeFile(join(noise, `${i}.png`), await encodePng(pixels, SIZE, SIZE));
  }

  const seen = (await histoJsonHere<{ shift: Shifts }>("eda", "--data", data, "--against", noise)).shift;
  assert.deepEqual(Object.keys(seen), ["test", "new"]);
  assert.equal(seen.test?.differs, false, seen.test?.says);
  assert.ok(seen.new?.differs && seen.new.auc > 0.99 && seen.new.images[1] === 24, seen.new?.says);

  await runTraining({ data, size: SIZE, model: "colour", epochs: 1 }, { run });
  const { shift } = await histoJsonHere<{ shift: Shifts }>("evaluate", "--run", run, "--report", "--no-track");
  assert.equal(shift.test?.differs, false, shift.test?.says);
  assert.match(await readFile(join(run, "report.html"), "utf8"), /<section id="shift">/);

  const { status, stderr } = await histoHere("eda", "--data", data, "--against", join(directory, "nowhere"));
  assert.equal(status, 2);
  assert.match(stderr, /^histo: --against: .*nowhere does not exist/);
});
