import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { findSlides } from "../../src/slide/index";
import { writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

test("a folder's slides are found, and files that are none are named, but not tables and the like", async (context) => {
  const names = ["b.svs", "a.webp", "scan.czi", "old.bmp", "labels.csv", ".hidden.svs"];
  const folder = await writeFiles(
    await temporaryDirectory(context),
    // The last is a folder of results, named by its slide.
    Object.fromEntries([...names, "c.svs/slide.json"].map((name) => [name, ""])),
  );
  const { slides, many, left } = await findSlides([folder]);
  assert.deepEqual(
    slides.map(({ name }) => name),
    ["a.webp", "b.svs"],
  );
  assert.ok(many);
  assert.deepEqual(left, [join(folder, "old.bmp"), join(folder, "scan.czi")]);
});
