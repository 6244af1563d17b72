import assert from "node:assert/strict";
import { test } from "node:test";
import { ImageNames } from "../../src/files/index";

const nfd = (text: string) => text.normalize("NFD");

for (const [what, names, written, meant] of [
  ["as it is", ["a.png", "A.png"], "A.png", ["A.png"]],
  ["another case", ["MHIST_aaa.PNG"], "mhist_AAA.png", ["MHIST_aaa.PNG"]],
  ["the other Unicode form", [nfd("Größe.png")], "Größe.png", [nfd("Größe.png")]],
  ["the other Unicode form, the other way round", ["Größe.png"], nfd("Größe.png"), ["Größe.png"]],
  ["blanks around and within", ["tile 1.png"], " tile \u00a0 1.png ", ["tile 1.png"]],
  ["invisible characters", ["a.png"], "\u200ba.png", ["a.png"]],
  ["backslashes", ["s1/a.png"], "s1\\a.png", ["s1/a.png"]],
  ["empty and dot parts", ["s1/a.png"], "./s1//a.png", ["s1/a.png"]],
  ["no ending", ["b.png", "s1/a.tif"], "s1/a", ["s1/a.tif"]],
  ["an ending that the image's name lacks", ["a", "b"], "a.png", ["a"]],
  ["a dot that begins no ending", ["TCGA-A1.x.png"], "TCGA-A1.x", ["TCGA-A1.x.png"]],
  ["another ending", ["a.png"], "a.TIFF", ["a.png"]],
  ["the ending of a format that is not read", ["a.png"], "a.svs", ["a.png"]],
  ["an absolute path", ["s1/a.png"], "/home/me/set/s1/a.png", ["s1/a.png"]],
  ["a Windows path", ["images/A.png"], "C:\\tiles\\images\\a.png", ["images/A.png"]],
  ["an address", ["a.png"], "s3://bucket/images/a.png", ["a.png"]],
  ["fewer folders", ["train/benign/a.png", "train/benign/b.png"], "benign/a.png", ["train/benign/a.png"]],
  ["a folder whose name is not a whole part", ["xs1/a.png"], "s1/a.png", []],
  ["nothing like it", ["a.png"], "b.png", []],
  ["nothing", ["a.png"], "", []],
  ["no ending before a path", ["a.png", "masks/a.png"], "a", ["a.png"]],
  ["the same ending elsewhere before another one", ["a.png", "a.tif"], "tiles/a.png", ["a.png"]],
  ["one of two in another case", ["A.png", "a.PNG"], "a.png", ["A.png", "a.PNG"]],
  ["one of two endings", ["a.jpg", "a.png"], "a", ["a.jpg", "a.png"]],
  ["one of two folders", ["s1/a.png", "s2/a.png"], "a.png", ["s1/a.png", "s2/a.png"]],
  ["another ending here, or the same elsewhere", ["a.tif", "masks/a.png"], "a.png", ["a.tif", "masks/a.png"]],
] as const) {
  test(`a name with ${what}`, () => assert.deepEqual(new ImageNames(names).matching(written), meant));
}

test("a hundred thousand names are found without a look at all of them for each", () => {
  const names = Array.from({ length: 100_000 }, (_, i) => `slide-${i % 100}/tile-${i}.png`);
  const started = performance.now();
  const images = new ImageNames(names);
  for (let i = 0; i < 100_000; i++) assert.equal(images.matching(`C:\\x\\slide-${i % 100}\\TILE-${i}.tif`).length, 1);
  assert.ok(performance.now() - started < 20_000);
});
