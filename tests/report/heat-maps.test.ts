/** The report's heat maps: beside the worst mistakes, where the run has its exported model and the images are there. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import sharp from "sharp";
import { writeReport } from "../../src/report/index";
import { runFolder } from "../support/run-folder";
import { writeModel, writeTiles } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

const NAMES = ["a", "b", "c", "d", "e"].map((letter) => `MHIST_aa${letter}.png`);

/** A run that is wrong about five tiles of a data set, the first the most. */
async function wrongRun(data: string) {
  const test = NAMES.map((filename, i) => ({ filename, label: 0 as const, logit: 5 - i, probability: 0.99 - i / 50 }));
  return runFolder({ test, config: { data } });
}

async function mistakesOf(folder: string) {
  const { document } = new JSDOM(await readFile(await writeReport(folder), "utf8")).window;
  const figures = [...document.querySelectorAll("#mistakes figure")];
  return {
    words: document.querySelector("#mistakes p")?.textContent ?? "",
    /** By file name, the width of its picture where that is a heat map, and 0 where it is the tile alone. */
    widths: await Promise.all(
      figures.map(async (figure) => {
        const [name] = /MHIST_\w+\.png/.exec(figure.textContent ?? "") ?? [];
        const bytes = Buffer.from(figure.querySelector("img")?.src.split(",")[1] ?? "", "base64");
        const { width = 0 } = await sharp(bytes).metadata();
        return [name, figure.classList.contains("explained") ? width : 0] as const;
      }),
    ),
  };
}

test("the three surest mistakes of a kind have a heat map, drawn with colours, and the others the tile", async (context) => {
  const run = await wrongRun(await writeTiles(join(await temporaryDirectory(context), "tiles"), 6));
  await writeModel(join(run, "model"));
  const { words, widths } = await mistakesOf(run);
  assert.match(words, /wrong labels\. Heat maps show .*: orange parts are evidence for SSA, blue parts for HP/);
  assert.deepEqual(
    widths.map(([name]) => name),
    NAMES,
  );
  assert.deepEqual(
    widths.map(([, width]) => width > 400),
    [true, true, true, false, false],
  );
});

test("without an exported model the mistakes are shown as tiles, and nothing is said of heat maps", async (context) => {
  const run = await wrongRun(await writeTiles(join(await temporaryDirectory(context), "tiles"), 6));
  const { words, widths } = await mistakesOf(run);
  assert.doesNotMatch(words, /Heat maps/);
  assert.ok(widths.every(([, width]) => width === 0));
});
