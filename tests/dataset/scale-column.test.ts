/** A column of micrometres per pixel is never ignored without a word. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { scaleOf } from "../../src/dataset/columns";
import { loadDataset } from "../../src/dataset/index";
import { writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

/** The notes on a table of four images with these scales. */
async function notesOn(context: TestContext, column: string, scales: readonly string[]): Promise<string> {
  const rows = scales.map((scale, i) => `${i}.png,${i % 2 ? "tumor" : "normal"},"${scale}"`);
  const folder = await writeFiles(await temporaryDirectory(context), {
    "labels.csv": ["image,label,column", ...rows].join("\n").replace("column", column),
  });
  const { notes = [] } = await loadDataset(folder, { requireImages: false });
  return notes.filter((note) => note.includes(column)).join("\n");
}

test("images of different scales are named with their numbers, in one line", async (context) => {
  const note = await notesOn(context, "mpp", ["0.25", "0.5", "0.25", "0,25"]);
  assert.match(note, /^The column "mpp" gives the images different scales .*\(0\.25: 3, 0\.5: 1\).*resample[^\n]*$/);
});

test("values of another unit are no micrometres per pixel", async (context) => {
  for (const odd of ["250", "0.00025", "40x", "-1", "0"]) {
    const note = await notesOn(context, "pixel_size", ["0.25", "0.25", odd, "0.25"]);
    assert.match(note, /1 value \(such as ".*"\) cannot be micrometres per pixel/, odd);
  }
});

test("one scale is what a model for slides needs; small differences between scanners are one scale", async (context) => {
  assert.match(
    await notesOn(context, "Microns per pixel", ["0.50", "0.5", "0.504", "0.5"]),
    /gives 0\.5 micrometres per pixel; exported models keep it/,
  );
  assert.match(await notesOn(context, "um_per_px", ["0.5", "", "0.5", "NA"]), /scale of 2 images, but none of 2/);
  assert.equal(await notesOn(context, "mpp", ["", "", "NA", ""]), "");
  for (const micro of ["\u00b5", "\u03bc"])
    assert.match(await notesOn(context, `${micro}m per pixel`, ["0.5", "0.5"]), /gives 0\.5 micrometres per pixel/);
});

test("images in the folder of images that no row names are left out with a note", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), {
    "labels.csv": "image,label\na.png,0\nb.png,1\n",
    ...Object.fromEntries(["a.png", "b.png", "c.png", "d.bmp"].map((name) => [`images/${name}`, ""])),
  });
  const { notes } = await loadDataset(folder);
  assert.deepEqual(notes, ['2 images left out that labels.csv does not name: "c.png", "d.bmp".']);
});

test("a table may have hundreds of thousands of rows", () => {
  const rows = Array.from({ length: 300_000 }, (_, i) => ({ line: i + 2, fields: ["0.5"] }));
  assert.equal(scaleOf({ path: "labels.csv", columns: ["mpp"], rows }).mpp, 0.5);
});
