import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { imageGrid } from "../../src/notebook/index";

/** An image of one colour. */
function plain(red: number, green: number, blue: number, caption: string) {
  const pixels = new Uint8Array(16 * 16 * 3);
  for (let i = 0; i < pixels.length; i += 3) pixels.set([red, green, blue], i);
  return { pixels, width: 16, height: 16, caption };
}

test("images stand in rows, each in its own colours", async () => {
  const images = [plain(200, 0, 0, "a"), plain(0, 200, 0, "b"), plain(0, 0, 200, "c")];
  const png = await imageGrid(images, { columns: 2, tileWidth: 32 });
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const colourAt = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
  const [gap, step, row] = [8, 32 + 8, 32 + 16 + 8];
  assert.deepEqual(colourAt(gap + 16, gap + 16), [200, 0, 0]);
  assert.deepEqual(colourAt(gap + step + 16, gap + 16), [0, 200, 0]);
  assert.deepEqual(colourAt(gap + 16, gap + row + 16), [0, 0, 200]);
  assert.deepEqual(colourAt(gap + step + 16, gap + row + 16), [255, 255, 255]);
});

test("a caption wider than its image goes on in a second line", async () => {
  const heightOf = async (caption: string) =>
    (await sharp(await imageGrid([plain(0, 0, 0, caption)], { tileWidth: 64 })).metadata()).height;
  assert.equal((await heightOf("SSA, p = 0.98")) - (await heightOf("SSA")), 16);
});

test("no images give an empty picture instead of an error", async () => {
  assert.ok((await imageGrid([])).length > 0);
});
