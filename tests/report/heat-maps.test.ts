/** The report's heat maps: beside the worst mistakes, where the run has its exported model and the images are there. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import sharp from "sharp";
import { type Prediction, sigmoid } from "../../src/evaluation/index";
import { writeReport } from "../../src/report/index";
import { gridFor } from "../../src/report/mistakes";
import { predictedTiles } from "../support/predicted-tiles";
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

test("a mistake whose image cannot be read is shown as that, and the others have their heat maps", async (context) => {
  const data = await writeTiles(join(await temporaryDirectory(context), "tiles"), 6);
  const run = await wrongRun(data);
  await writeModel(join(run, "model"));
  const files = (await readdir(data, { recursive: true })).filter((file) => file.endsWith(NAMES[0] as string));
  assert.equal(files.length, 1);
  await rm(join(data, files[0] as string));
  await symlink("nothing", join(data, files[0] as string));
  const html = await readFile(await writeReport(run), "utf8");
  assert.equal(html.match(/unreadable<\/div>/g)?.length, 1);
  assert.equal(html.match(/"tile explained"/g)?.length, 2);
});

test("without an exported model the mistakes are shown as tiles, and nothing is said of heat maps", async (context) => {
  const run = await wrongRun(await writeTiles(join(await temporaryDirectory(context), "tiles"), 6));
  const { words, widths } = await mistakesOf(run);
  assert.doesNotMatch(words, /Heat maps/);
  assert.ok(widths.every(([, width]) => width === 0));
});

test("a report of many large tiles that hardly compress stays below 2 MB", async (context) => {
  const data = join(await temporaryDirectory(context), "noise");
  await mkdir(join(data, "images"), { recursive: true });
  const rows = ["image,label,partition"];
  const wrong: Prediction[] = [];
  for (let i = 0; i < 16; i++) {
    const noise = { type: "gaussian", mean: 150, sigma: 60 } as const;
    const tile = sharp({ create: { width: 700, height: 700, channels: 3, background: "#b8a", noise } });
    await writeFile(join(data, "images", `noise-${i}.png`), await tile.png().toBuffer());
    const label = i < 8 ? 0 : 1;
    rows.push(`noise-${i}.png,${["HP", "SSA"][label]},${i % 8 === 0 ? "train" : "test"}`);
    const logit = label === 0 ? 20 + i : -20 - i;
    wrong.push({ filename: `noise-${i}.png`, label, logit, probability: sigmoid(logit) });
  }
  await writeFile(join(data, "labels.csv"), `${rows.join("\n")}\n`);
  const run = await runFolder({ test: [...wrong, ...predictedTiles(2000, 1)], config: { data } });
  await writeModel(join(run, "model"), { size: 224 });
  const html = await readFile(await writeReport(run), "utf8");
  assert.equal(html.split("data:image/jpeg").length - 1, 16, "all are shown");
  assert.ok(html.length < 2e6, `${html.length} bytes`);
});

test("the maps of a slow model are coarser, so that a report does not take minutes", () => {
  assert.equal(gridFor(6, 1), 10);
  assert.equal(gridFor(6, 60), 7);
  assert.equal(gridFor(6, 1000), 5);
});
