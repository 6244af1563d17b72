import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parse } from "csv-parse/sync";
import { loadDataset, packPixels } from "../../src/dataset/index";
import { readPredictions } from "../../src/evaluation/index";
import { readJson } from "../../src/files/index";
import type { Preprocessing } from "../../src/image/index";
import { encodePng } from "../../src/image/with-sharp";
import { Random } from "../../src/random/index";
import { RunDirectory } from "../../src/runs/index";
import { writeFiles } from "../support/data-sets";
import { histoHere } from "../support/histo";
import { temporaryDirectory } from "../support/temporary-directory";

const SIZE = 16;
const COUNT = 24;

/** Tissue in the upper part; below it empty slide, in every tile but the first, which is the reference. */
function pixelsOf(tile: number): Uint8Array {
  const random = new Random(tile, "tissue");
  const tissue = tile === 0 ? SIZE : 10;
  const darker = Array.from({ length: SIZE * SIZE }, () => random.integer(70) + (tile % 2) * 20);
  return Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return pixel < tissue * SIZE ? ([210, 130, 190][i % 3] as number) - (darker[pixel] as number) : 255;
  });
}

/** Trains on such tiles with more options, exports, and predicts the files of the test set with what was exported. */
async function trainAndPredict(context: TestContext, ...options: string[]) {
  const directory = await temporaryDirectory(context);
  const [data, model, cache] = ["data", "model", "cache"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const run = new RunDirectory(join(directory, "run"));
  const rows = ["image,label,partition"];
  for (let i = 0; i < COUNT; i++) {
    rows.push(`${i}.png,${i % 2 ? "b" : "a"},${i % 4 > 1 ? "test" : "train"}`);
    await writeFiles(data, { [`images/${i}.png`]: await encodePng(pixelsOf(i), SIZE, SIZE) });
  }
  await writeFiles(data, { "labels.csv": rows.join("\n") });
  process.env.HISTO_CACHE = cache;
  const succeed = async (...argv: string[]) => {
    const { status, stdout, stderr } = await histoHere(...argv);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const network = ["--size", String(SIZE), "--hidden", "4", "--epochs", "1", "--no-track"];
  const stain = ["--stain", "reinhard", "--stain-reference", "0.png", ...options];
  await succeed("train", "--data", data, "--run", run.path, ...network, ...stain);
  await succeed("export", "--run", run.path, "--out", model, "--no-track");
  const { preprocessing } = await readJson<{ preprocessing: Preprocessing }>(join(model, "model.json"));

  const packed = await packPixels(await loadDataset(data), { size: SIZE, stain: preprocessing.stain });
  assert.equal(packed.decoded, 0, "what model.json says is what the training pixels were made with");
  const trained = new Uint8Array(packed.store.bytesPerImage);
  packed.store.read([packed.store.positionOf("1.png")], trained);
  packed.store.close();

  const tested = await readPredictions(run.predictions("test"));
  const out = join(directory, "predicted.csv");
  await succeed("predict", "--model", model, "--images", join(data, "images"), "--out", out);
  const predicted = parse(await readFile(out), { columns: true }) as { filename: string; logit: string }[];
  const logits = new Map(predicted.map(({ filename, logit }) => [filename, Number(logit)]));
  assert.equal(tested.length, COUNT / 2);
  for (const { filename, logit } of tested) {
    assert.ok(
      Math.abs((logits.get(filename) as number) - logit) < 1e-3,
      `${filename}: ${logits.get(filename)}, ${logit}`,
    );
  }
  return { stain: preprocessing.stain, pixels: trained };
}

/** Largest distance from white below the tissue. */
const tint = (pixels: Uint8Array) => Math.max(...pixels.subarray(11 * SIZE * 3).map((value) => 255 - value));

test("--stain-tissue-only leaves empty slide white, in training as in prediction", async (context) => {
  const everywhere = await trainAndPredict(context);
  const tissueOnly = await trainAndPredict(context, "--stain-tissue-only");
  assert.ok(tint(everywhere.pixels) > 15, "the published method tints tiles with more empty slide than the reference");
  assert.equal(tint(tissueOnly.pixels), 0);
  assert.equal(everywhere.stain?.parameters.tissueOnly, undefined);
  assert.deepEqual(tissueOnly.stain?.parameters.tissueOnly, [1]);
  const tissue = (pixels: Uint8Array) => pixels.subarray(0, 10 * SIZE * 3);
  assert.notDeepEqual(tissue(tissueOnly.pixels), tissue(Uint8Array.from(pixelsOf(1))), "tissue is normalized");
});

test("--stain-tissue-only is refused with methods that it says nothing to", async (context) => {
  const directory = await temporaryDirectory(context);
  const { status, stderr } = await histoHere("train", "--data", directory, "--stain", "macenko", "--stain-tissue-only");
  assert.equal(status, 2);
  assert.match(stderr, /--stain-tissue-only goes with --stain reinhard/);
});

test("--stain-reference is refused without a method", async (context) => {
  const directory = await temporaryDirectory(context);
  for (const command of ["train", "lr-range"]) {
    const { status, stderr } = await histoHere(command, "--data", directory, "--stain-reference", "0.png");
    assert.equal(status, 2);
    assert.match(stderr, /--stain-reference needs --stain reinhard, macenko or vahadane/);
  }
});
