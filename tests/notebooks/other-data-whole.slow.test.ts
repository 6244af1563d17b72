/** @module What the notebooks say about data on which their usual conclusions are wrong. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { encodePng } from "../../src/image/with-sharp";
import { type Notebook, readNotebook, runNotebook } from "../../src/notebook/index";
import { Random } from "../../src/random/index";
import { sharedDirectory } from "../support/temporary-directory";

const SIZE = 24;
/** Makes grey pink. */
const TINT = [0, -40, 0];
const NUCLEUS = [90, 40, 130];

/** Tiles whose brightness alone tells the classes apart. */
async function writePaleAndDark(path: string): Promise<void> {
  const random = new Random(3, "tiles");
  for (const [name, brightness] of [
    ["dark", 130],
    ["pale", 190],
  ] as const) {
    await mkdir(join(path, name), { recursive: true });
    for (let i = 0; i < 30; i++) {
      const level = brightness + random.normal(0, 8);
      const pixels = Uint8ClampedArray.from(
        { length: SIZE * SIZE * 3 },
        (_, at) => level + TINT[at % 3]! + random.normal(0, 8),
      );
      for (let nucleus = 0; nucleus < 6; nucleus++) {
        const [left, top] = [random.integer(SIZE - 5), random.integer(SIZE - 5)];
        for (let at = 0; at < 25; at++) {
          const pixel = (top + Math.floor(at / 5)) * SIZE + left + (at % 5);
          pixels.set(NUCLEUS, 3 * pixel);
        }
      }
      await writeFile(join(path, name, `${i}.png`), await encodePng(new Uint8Array(pixels), SIZE, SIZE));
    }
  }
}

/** The outputs of a notebook as one text. */
async function outputsOf(name: string, parameters: Record<string, unknown>): Promise<string> {
  const notebook: Notebook = await readNotebook(join(projectRoot(), "notebooks", `${name}.ipynb`));
  const { failure, notebook: run } = await runNotebook(notebook, { parameters });
  assert.equal(failure, undefined, failure && `cell [${failure.cell}]\n${failure.traceback.join("\n")}`);
  return JSON.stringify(run.cells.map(({ outputs }) => outputs));
}

describe("tiles that their brightness alone tells apart", () => {
  const data = join(sharedDirectory(), "pale-and-dark");
  before(() => writePaleAndDark(data));

  test("01-eda asks for no model that is better than perfect", async () => {
    const said = await outputsOf("01-eda", { data });
    assert.match(said, /With an AUC of 1\.000 it tells the classes apart nearly alone/);
    assert.match(said, /alone\*\* has a ROC AUC of 1\.000: find out why before training/);
    assert.doesNotMatch(said, /clearly better than its|and ROC AUC the/);
  });

  test("02-normalization-and-augmentation claims no help where doing nothing is best", async () => {
    const said = await outputsOf("02-normalization-and-augmentation", { data, size: 16, hidden: [8], epochs: 6 });
    assert.match(said, /\*\*(Whether it helps\*\* is open|It does not help here)/);
  });

  test("03-architecture-search compares one network with no other, and one trial with none", async () => {
    const parameters = { data, size: 16, networks: [[4]], seeds: 2, epochs: 2, searchTrials: 1 };
    const said = await outputsOf("03-architecture-search", parameters);
    assert.match(said, /No network is smaller/);
    assert.doesNotMatch(said, /Against the smallest network|undefined/);
  });

  test("09-from-slide-to-map composes its slides of tiles that the training has held out", async () => {
    const said = await outputsOf("09-from-slide-to-map", { data, size: 16, columns: 8, rows: 6 });
    assert.match(said, /slides are ranked with an AUC of/);
  });

  test("05-evaluation sends nobody to mistakes that there are not", async () => {
    const said = await outputsOf("05-evaluation", { data });
    assert.match(said, /It made no mistake on these \d+ images/);
    assert.doesNotMatch(said, /mistakes above have to be looked at/);
  });
});
