/** @module Which files and folders of a directory are images and classes. */
import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { loadDataset, openPixelStore, UnreadableImagesError } from "../../src/dataset/index";
import { texturePng, writeFiles } from "../support/data-sets";
import { temporaryDirectory } from "../support/temporary-directory";

test("folders that systems and network drives make hold no images", async (context) => {
  const waste = ["@eaDir", "$RECYCLE.BIN", "#recycle", "lost+found", "System Volume Information", "__MACOSX"];
  const names = ["HP/a.png", "SSA/b.png", ...waste.flatMap((name) => [`${name}/c.png`, `HP/${name}/a.png/t.jpg`])];
  const folder = await temporaryDirectory(context);
  await writeFiles(folder, Object.fromEntries(names.map((name) => [name, ""])));
  const { classes, tiles, notes } = await loadDataset(folder);
  assert.deepEqual(classes, ["HP", "SSA"]);
  assert.deepEqual([tiles.map(({ name }) => name), notes], [["HP/a.png", "SSA/b.png"], []]);
});

test("links to images that do not exist are named, links to classes that do not exist are refused", async (context) => {
  const [png, other] = [await texturePng(1, 16), await texturePng(2, 16)];
  const folder = await writeFiles(await temporaryDirectory(context), { "HP/a.png": png, "SSA/b.png": other });
  await symlink("/nowhere/c.png", join(folder, "SSA", "c.png"));
  const set = await loadDataset(folder);
  const cacheDirectory = join(folder, ".cache");
  await assert.rejects(openPixelStore(set, { size: 16, cacheDirectory }), (error: UnreadableImagesError) => {
    assert.ok(error instanceof UnreadableImagesError);
    assert.deepEqual(
      error.images.map(({ name }) => name),
      ["SSA/c.png"],
    );
    assert.match(error.message, /SSA\/c\.png does not exist.*--skip-unreadable/);
    return true;
  });
  await symlink("/nowhere/TSA", join(folder, "TSA_v1.0"));
  await assert.rejects(loadDataset(folder), {
    code: "DATA_LINK_BROKEN",
    exitStatus: 2,
    message: /TSA_v1\.0 is a link to a place that does not exist/,
  });
});

test("JPEG files as Windows names them are images of the set", async (context) => {
  const folder = await writeFiles(await temporaryDirectory(context), { "HP/a.jfif": "", "SSA/b.JPE": "" });
  assert.deepEqual(
    (await loadDataset(folder)).tiles.map(({ name }) => name),
    ["HP/a.jfif", "SSA/b.JPE"],
  );
});
